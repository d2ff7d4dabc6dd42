import { createPrng } from "../../lib/prng.ts";

export interface Interval {
  readonly low: number;
  readonly high: number;
}

const resamples = 2000;
const seed = 1;
/** What lies outside on either side, for 95 %. */
const tail = 0.025;

/**
 * Percentile bootstrap of the mean, 95 %: as many values are drawn with replacement, again and again; the interval
 * reaches from the 2.5 % to the 97.5 % quantile of their means. The draws are seeded, so the same values give the same
 * interval.
 *
 * Efron (1979). With two or three values it is simply from the lowest to the highest, since a mean of the lowest alone
 * comes up more often than in one of forty; with few values it is narrower than the truth.
 *
 * @returns null for fewer than two values, of which nothing can be said.
 */
export function bootstrapInterval(values: readonly number[]): Interval | null {
  if (values.length < 2) return null;
  const prng = createPrng(seed, "bootstrap");
  const means = Float64Array.from({ length: resamples }, () => {
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += values[prng.integer(values.length)] ?? NaN;
    return sum / values.length;
  }).sort();
  return { low: quantile(means, tail), high: quantile(means, 1 - tail) };
}

/** The smallest of the sorted values that at least such a share of them do not exceed. */
export function quantile(sorted: Float64Array, share: number): number {
  // Rounded against 0.975 · 2000 coming out as a little more than 1950.
  const at = Math.ceil(Number((share * sorted.length).toFixed(9))) - 1;
  return sorted[Math.max(0, at)] ?? NaN;
}
