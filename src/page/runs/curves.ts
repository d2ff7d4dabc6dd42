/** A curve as it is drawn; x rises. */
export interface Curve {
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
}

/**
 * The mean of several curves, as far as all of them reach: at each x of the first, others read between their points.
 *
 * @returns an empty curve where there is no x that all of them reach.
 */
export function meanCurve(curves: readonly Curve[]): Curve {
  const [first] = curves;
  if (first === undefined || curves.some(({ x }) => x.length === 0)) return { x: [], y: [] };
  const from = Math.max(...curves.map((curve) => curve.x[0]!));
  const to = Math.min(...curves.map((curve) => curve.x[curve.x.length - 1]!));
  const x = Array.from(first.x).filter((at) => at >= from && at <= to);
  const y = x.map((at) => curves.reduce((sum, curve) => sum + valueAt(curve, at), 0) / curves.length);
  return { x, y };
}

/** Between two points on the straight line from one to the other; NaN where the curve does not reach. */
export function valueAt({ x, y }: Curve, at: number): number {
  let low = 0;
  let high = x.length - 1;
  if (high < 0 || !(at >= x[low]!) || at > x[high]!) return Number.NaN;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (x[middle]! <= at) low = middle;
    else high = middle;
  }
  if (at === x[low]) return y[low]!;
  return y[low]! + ((y[high]! - y[low]!) * (at - x[low]!)) / (x[high]! - x[low]!);
}

/** Points that an axis has no place for: nothing at or below zero is on a logarithmic one. */
export function pointsWithoutPlace(curves: readonly Curve[], logX: boolean, logY: boolean): number {
  let count = 0;
  for (const { x, y } of curves)
    for (let i = 0; i < x.length; i++) if ((logX && x[i]! <= 0) || (logY && y[i]! <= 0)) count++;
  return count;
}
