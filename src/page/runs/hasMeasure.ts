import { metricLogOf } from "../metrics/metricArchive.ts";
import type { RunRecord } from "../stores/runHistory.ts";
import type { RunMeasure } from "./runMeasures.ts";

/** Whether there is anything of it to draw. A part of the loss that is zero all the time is not there. */
export function hasMeasure({ runId, evaluations }: RunRecord, { spec }: RunMeasure): boolean {
  const { from, maybeAbsent } = spec.series[0]!;
  if ("evaluation" in from) return evaluations.some((evaluation) => evaluation[from.evaluation] !== null);
  const column = metricLogOf(runId).column(from.metric);
  return column.length > 0 && (maybeAbsent !== true || column.some((value) => value !== 0));
}
