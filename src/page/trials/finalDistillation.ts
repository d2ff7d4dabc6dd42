/**
 * What a run's distillation loss came to: the mean over its last tenth, at least ten steps, so that one batch does not
 * decide.
 *
 * @param losses of every step so far.
 * @returns null where there is none that is finite.
 */
export function finalDistillation(losses: Float32Array): number | null {
  const tail = losses.subarray(-Math.max(10, Math.ceil(losses.length / 10)));
  const mean = tail.reduce((sum, value) => sum + value, 0) / tail.length;
  return Number.isFinite(mean) ? mean : null;
}
