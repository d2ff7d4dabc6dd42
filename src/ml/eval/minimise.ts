/** Returns the value at `point` and writes the gradient there into `gradient`. */
export type Objective = (point: Float64Array, gradient: Float64Array) => number;

const memory = 10;
const mostIterations = 1000;

/**
 * Minimises a smooth convex function by L-BFGS (Nocedal & Wright, algorithm 7.4) with a backtracking line search.
 *
 * @param tolerance stops when no entry of the gradient is larger, or when the value no longer falls.
 */
export function minimise(
  objective: Objective,
  start: Float64Array,
  tolerance = 1e-8,
): { readonly point: Float64Array; readonly value: number; readonly iterations: number } {
  let point = start.slice();
  let gradient = new Float64Array(start.length);
  let value = objective(point, gradient);
  const moves: { readonly step: Float64Array; readonly change: Float64Array; readonly curvature: number }[] =
    [];

  for (let iteration = 0; iteration < mostIterations; iteration++) {
    if (gradient.every((g) => Math.abs(g) <= tolerance)) return { point, value, iterations: iteration };
    const direction = descentDirection(gradient, moves);
    const slope = dot(gradient, direction);
    let length = moves.length === 0 ? Math.min(1, 1 / Math.sqrt(dot(gradient, gradient))) : 1;
    let found = false;
    for (let attempt = 0; attempt < 50; attempt++, length /= 2) {
      const next = point.map((v, i) => v + length * direction[i]!);
      const nextGradient = new Float64Array(start.length);
      const nextValue = objective(next, nextGradient);
      if (!(nextValue <= value + 1e-4 * length * slope)) continue;
      const step = direction.map((v) => length * v);
      const change = nextGradient.map((v, i) => v - gradient[i]!);
      const curvature = dot(step, change);
      if (curvature > 0) moves.push({ step, change, curvature });
      if (moves.length > memory) moves.shift();
      found = nextValue < value;
      [point, gradient, value] = [next, nextGradient, nextValue];
      break;
    }
    if (!found) return { point, value, iterations: iteration }; // as low as double precision goes
  }
  return { point, value, iterations: mostIterations };
}

/** −H·g with the inverse Hessian H that the last moves suggest (the two-loop recursion). */
function descentDirection(
  gradient: Float64Array,
  moves: readonly {
    readonly step: Float64Array;
    readonly change: Float64Array;
    readonly curvature: number;
  }[],
): Float64Array {
  const direction = gradient.map((g) => -g);
  const along: number[] = [];
  for (let m = moves.length - 1; m >= 0; m--) {
    const { step, change, curvature } = moves[m]!;
    const a = dot(step, direction) / curvature;
    along[m] = a;
    for (let i = 0; i < direction.length; i++) direction[i]! -= a * change[i]!;
  }
  const last = moves.at(-1);
  if (last) {
    const scale = last.curvature / dot(last.change, last.change);
    for (let i = 0; i < direction.length; i++) direction[i]! *= scale;
  }
  moves.forEach(({ step, change, curvature }, m) => {
    const b = dot(change, direction) / curvature;
    for (let i = 0; i < direction.length; i++) direction[i]! += (along[m]! - b) * step[i]!;
  });
  return direction;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
