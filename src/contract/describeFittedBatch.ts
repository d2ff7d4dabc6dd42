import type { Config } from "./config.ts";
import type { RunPlan } from "./protocol.ts";

/** How a set that does not fill the batch that was asked for is trained on, and why; empty for one that does. */
export function describeFittedBatch(asked: Config, { config, trainImages }: RunPlan): string {
  const images = trainImages === 1 ? "One training image does" : `The ${trainImages} training images do`;
  if (config.batchSize !== asked.batchSize)
    return `${images} not fill a batch of ${asked.batchSize}, so batches of ${config.batchSize} are taken.`;
  if (trainImages < config.batchSize)
    return `${images} not fill a batch of ${config.batchSize}, so images are repeated in it.`;
  return "";
}
