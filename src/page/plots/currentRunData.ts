import type { Config } from "../../contract/config.ts";
import { metricLogOf } from "../metrics/metricArchive.ts";
import { configStore } from "../stores/configStore.ts";
import { datasetStore } from "../stores/datasetStore.ts";
import { runHistory } from "../stores/runHistory.ts";
import { runStore } from "../stores/runStore.ts";
import { shownRunStore } from "../stores/shownRunStore.ts";
import type { RunData } from "./chartData.ts";
import { teacherlessOf } from "./teacherless.ts";

interface ShownRunData extends RunData {
  /** What it is trained with, or will be. */
  readonly config: Config;
}

/** What is known of the run that charts show: an earlier one that was opened, or the current one. */
export function currentRunData(): ShownRunData {
  const { runId: shown } = shownRunStore.getState();
  const { runs } = runHistory.getState();
  const earlier = shown === "" ? undefined : runs.find((run) => run.runId === shown);
  const { runId, evaluations, baseline, plan, config } = earlier ?? runStore.getState();
  const { config: settings } = configStore.getState();
  const { summary } = datasetStore.getState();
  const set =
    earlier === undefined ? summary : { kind: earlier.config.data, fingerprint: earlier.dataFingerprint };
  return {
    config: config ?? settings,
    log: metricLogOf(runId),
    evaluations,
    baseline,
    stepsPerEpoch: plan?.stepsPerEpoch ?? 0,
    batchSize: plan?.config.batchSize ?? 0,
    totalSteps: plan?.totalSteps ?? settings.steps,
    teacherless: set === null ? null : teacherlessOf(config ?? settings, set, runs),
  };
}
