import { invariant } from "../../src/lib/invariant.ts";

/** What repeated measurements of one thing say. */
export interface TimeSummary {
  readonly medianMs: number;
  readonly minMs: number;
  readonly maxMs: number;
  readonly repetitions: number;
}

export function summariseTimes(timesMs: readonly number[]): TimeSummary {
  invariant(timesMs.length > 0, "nothing was measured");
  return {
    medianMs: median(timesMs),
    minMs: Math.min(...timesMs),
    maxMs: Math.max(...timesMs),
    repetitions: timesMs.length,
  };
}

/** The middle one, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  const upper = sorted[half];
  invariant(upper !== undefined, "there is no median of nothing");
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] as number) + upper) / 2;
}

/** Three digits, and never powers of ten: "0.0327", "4.10", "1250". */
export function formatMs(ms: number): string {
  return ms >= 100 ? ms.toFixed(0) : ms.toPrecision(3);
}
