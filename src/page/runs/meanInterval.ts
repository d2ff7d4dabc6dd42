/** The mean of some measured values, and how far off it may be. */
export interface MeanInterval {
  readonly mean: number;
  /** Half the 95 % interval of the mean; null for a single value, which says nothing of its own spread. */
  readonly half: number | null;
  /** Number of values. */
  readonly n: number;
}

/**
 * The 95 % interval of a mean by Student's t, as fits a few seeds:
 *
 *     mean ± t₀.₉₇₅(n − 1) · s / √n      s = sample standard deviation
 *
 * @returns null without values.
 */
export function meanInterval(values: readonly number[]): MeanInterval | null {
  const n = values.length;
  if (n === 0) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  if (n === 1) return { mean, half: null, n };
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  return { mean, half: studentT(n - 1) * Math.sqrt(variance / n), n };
}

/** The 97.5 % quantile of Student's t for one to ten degrees of freedom. */
const quantiles = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228];

/** Beyond the table by the expansion z + (z³ + z) / 4ν (Abramowitz and Stegun 26.7.5), to within 0.03. */
function studentT(degrees: number): number {
  const z = 1.95996;
  return quantiles[degrees - 1] ?? z + (z ** 3 + z) / (4 * degrees);
}
