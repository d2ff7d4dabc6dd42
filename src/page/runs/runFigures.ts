import { endMean } from "../metrics/endMean.ts";
import type { MetricLog } from "../metrics/metricLog.ts";
import type { RunRecord } from "../stores/runHistory.ts";
import { hasTeacher } from "../stores/runStore.ts";
import { formatShare } from "../widgets/formatNumbers.ts";

/** A number that a run came to. */
export interface RunFigure {
  readonly label: string;
  /** What it is, in a sentence. */
  readonly meaning: string;
  readonly format: (value: number) => string;
  /** As `format`, of the difference of two. */
  readonly formatDifference: (difference: number) => string;
  /** @returns null where the run has none. */
  readonly of: (run: RunRecord, log: MetricLog) => number | null;
}

const digits = (value: number): string => value.toFixed(3);
/** Of two shares: percentage points. */
const points = (difference: number): string => `${(difference * 100).toFixed(1)} points`;
const bare = (value: number | null | undefined): number | null =>
  value !== null && value !== undefined && Number.isFinite(value) ? value : null;

/** What runs are compared by, at their ends. */
export const runFigures: readonly RunFigure[] = [
  {
    label: "kNN",
    meaning: "kNN: accuracy on held-out images by nearest neighbours, at the last evaluation.",
    format: (value) => formatShare(value),
    formatDifference: points,
    of: ({ evaluations }) => bare(evaluations.at(-1)?.knn),
  },
  {
    label: "kNN, smoothed",
    meaning: "Smoothed: the mean of the last three evaluations after the start, which hangs less on chance.",
    format: (value) => formatShare(value),
    formatDifference: points,
    of: smoothedKnn,
  },
  {
    label: "Overlap",
    meaning: "Overlap: share of the ten nearest pictures that are among the teacher’s ten nearest.",
    format: (value) => formatShare(value),
    formatDifference: points,
    of: ({ evaluations }) => bare(evaluations.at(-1)?.overlap),
  },
  {
    label: "Distillation",
    meaning:
      "Distillation: squared distance to the teacher over both views, mean of the last tenth of the steps, at least ten; 0 = equal, 8 at most.",
    format: digits,
    formatDifference: digits,
    of: (run, log) => (hasTeacher(run.config) ? endMean(log.column("distillation")) : null),
  },
  {
    label: "Loss",
    meaning:
      "Loss: the total as optimised, mean of the same steps; it compares only between equal weights and objectives.",
    format: digits,
    formatDifference: digits,
    of: (_, log) => endMean(log.column("loss")),
  },
];

/** Mean accuracy of the last three evaluations that measured it, the untrained student's left out; null where none did. */
export function smoothedKnn({ evaluations }: Pick<RunRecord, "evaluations">): number | null {
  const last = evaluations.flatMap(({ step, knn }) => (step === 0 || knn === null ? [] : [knn])).slice(-3);
  return last.length === 0 ? null : last.reduce((sum, knn) => sum + knn, 0) / last.length;
}
