import type { AblationMetric, AblationPoint, SeedSummary } from "./summarise.ts";

/** How a measure of the runs is named, compared and written. */
export interface Measure {
  readonly metric: AblationMetric;
  readonly name: string;
  readonly better: "higher" | "lower";
  readonly format: (value: number) => string;
}

export const measures: Readonly<Record<AblationMetric, Measure>> = {
  knn: {
    metric: "knn",
    name: "kNN accuracy",
    better: "higher",
    format: (share) => `${(share * 100).toFixed(1)} %`,
  },
  distillation: {
    metric: "distillation",
    name: "Distillation loss",
    better: "lower",
    format: (loss) => String(Number(loss.toPrecision(3))),
  },
};

/** "61.3 % (58.1 % to 64.0 %)"; without an interval the mean alone. */
export function formatSummary({ mean, interval }: SeedSummary, { format }: Measure): string {
  return interval === null
    ? format(mean)
    : `${format(mean)} (${format(interval.low)} to ${format(interval.high)})`;
}

/** The best first. */
export function ranked(points: readonly AblationPoint[], { better }: Measure): readonly AblationPoint[] {
  return [...points].sort((a, b) => (better === "higher" ? b.mean - a.mean : a.mean - b.mean));
}

/** The length of the longest interval; null where no value has one. */
export function widestInterval(points: readonly SeedSummary[]): number | null {
  const widths = points.flatMap(({ interval }) => (interval === null ? [] : [interval.high - interval.low]));
  return widths.length === 0 ? null : Math.max(...widths);
}
