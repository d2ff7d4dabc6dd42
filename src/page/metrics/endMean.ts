/**
 * What a loss came to: the mean of what is finite in the last tenth of a run, at least its last ten steps, so that one
 * batch does not decide.
 *
 * @param losses of every step so far.
 * @returns null where there is none that is finite.
 */
export function endMean(losses: Float32Array): number | null {
  const tail = losses.subarray(-Math.max(10, Math.ceil(losses.length / 10))).filter(Number.isFinite);
  return tail.length === 0 ? null : tail.reduce((sum, value) => sum + value, 0) / tail.length;
}
