import { metricLogOf } from "../metrics/metricArchive.ts";
import { configStore } from "../stores/configStore.ts";
import { runHistory } from "../stores/runHistory.ts";
import { runStore } from "../stores/runStore.ts";
import { shownRunStore } from "../stores/shownRunStore.ts";
import type { RunData } from "./chartData.ts";

/** What is known of the run that charts show: an earlier one that was opened, or the current one. */
export function currentRunData(): RunData {
  const { runId: shown } = shownRunStore.getState();
  const earlier = shown === "" ? undefined : runHistory.getState().runs.find((run) => run.runId === shown);
  const { runId, evaluations, baseline, plan } = earlier ?? runStore.getState();
  return {
    log: metricLogOf(runId),
    evaluations,
    baseline,
    stepsPerEpoch: plan?.stepsPerEpoch ?? 0,
    totalSteps: plan?.totalSteps ?? configStore.getState().config.steps,
  };
}
