/**
 * Exponential moving average without the pull of its start, over finite values only:
 *
 *     aᵢ = β·aᵢ₋₁ + (1 − β)·vᵢ,   smoothᵢ = aᵢ / (1 − βⁿ)      n = finite values so far
 *
 * A value that is not finite stays as it is and does not touch the average.
 *
 * @param weight β in [0, 1); 0 = the values themselves.
 */
export function smooth(values: ArrayLike<number>, weight: number): Float64Array {
  const smoothed = new Float64Array(values.length);
  let average = 0;
  let rest = 1; // βⁿ
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!Number.isFinite(value)) {
      smoothed[i] = value;
      continue;
    }
    average = weight * average + (1 - weight) * value;
    rest *= weight;
    smoothed[i] = average / (1 - rest);
  }
  return smoothed;
}
