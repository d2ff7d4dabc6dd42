import { runStore } from "../stores/runStore.ts";
import type { RunData } from "./chartData.ts";
import { metricLogOf } from "../metrics/metricArchive.ts";

/** What is known of the current run. */
export function currentRunData(): RunData {
  const { runId, evaluations, baseline, plan } = runStore.getState();
  return { log: metricLogOf(runId), evaluations, baseline, stepsPerEpoch: plan?.stepsPerEpoch ?? 0 };
}
