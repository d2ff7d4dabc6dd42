/** Thrown when this program, not the outside world, is wrong. A visitor should never see one. */
class InvariantError extends Error {
  override readonly name = "InvariantError";
}

/**
 * States something that must hold if the program is correct. For bad input use `AppError` instead.
 *
 * @throws InvariantError when `condition` is falsy.
 */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}
