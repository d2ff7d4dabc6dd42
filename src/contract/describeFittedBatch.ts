import type { Config } from "./config.ts";
import type { RunPlan } from "./protocol.ts";

/** That a run takes smaller batches than it was asked to, and why; empty when it does not. */
export function describeFittedBatch(asked: Config, { config, trainImages }: RunPlan): string {
  if (config.batchSize === asked.batchSize) return "";
  return `The ${trainImages} training images do not fill a batch of ${asked.batchSize}, so batches of ${config.batchSize} are taken.`;
}
