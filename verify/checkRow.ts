/** One comparison with a golden value. */
export interface CheckRow {
  readonly check: string;
  readonly error: number;
  readonly tolerance: number;
  readonly passed: boolean;
  /** Why it failed, where the error does not say it: the fixture was not understood, the program threw. */
  readonly problem?: string;
}

/** Compares an error with what is allowed; an error that is not a number fails. */
export function checked(check: string, error: number, tolerance: number): CheckRow {
  return { check, error, tolerance, passed: error <= tolerance };
}

/** Something that had to be equal: the error is how many entries are not. */
export function checkedEqual(
  check: string,
  ours: ArrayLike<number | boolean | string>,
  golden: ArrayLike<number | boolean | string>,
): CheckRow {
  return checked(check, countDifferent(ours, golden), 0);
}

export function failed(check: string, problem: string): CheckRow {
  return { check, error: Infinity, tolerance: 0, passed: false, problem };
}

function countDifferent(
  ours: ArrayLike<number | boolean | string>,
  golden: ArrayLike<number | boolean | string>,
): number {
  let different = Math.abs(ours.length - golden.length);
  for (let i = 0; i < Math.min(ours.length, golden.length); i++) if (ours[i] !== golden[i]) different++;
  return different;
}

/** Largest |ours − golden|; infinite when the lengths differ or a value is not finite. */
export function worstAbsolute(ours: ArrayLike<number>, golden: ArrayLike<number>): number {
  if (ours.length !== golden.length) return Infinity;
  let worst = 0;
  for (let i = 0; i < ours.length; i++) {
    const difference = Math.abs(ours[i]! - golden[i]!);
    if (!(difference <= worst)) worst = Number.isNaN(difference) ? Infinity : difference;
  }
  return worst;
}

/** Largest |ours − golden| over the largest |golden| (over 1 where golden is zero throughout). */
export function worstRelative(ours: ArrayLike<number>, golden: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < golden.length; i++) largest = Math.max(largest, Math.abs(golden[i]!));
  return worstAbsolute(ours, golden) / (largest || 1);
}
