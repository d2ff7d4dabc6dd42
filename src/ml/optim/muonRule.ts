/** The constants of Muon that every executor shares; `muon.ts` has the equations. */

/** Newton–Schulz: p(X) = a·X + b·(XXᵀ)X + c·(XXᵀ)²X drives every singular value of X towards 1. */
export const newtonSchulz = { a: 3.4445, b: -4.775, c: 2.0315, iterations: 5 } as const;

/** Of the parameters that are no matrices: biases, BatchNorm's scale and shift. */
export const vectorRule = { rateShare: 0.1, beta1: 0.9, beta2: 0.99, epsilon: 1e-8 } as const;

/** Keeps a gradient of zeros from being divided by its norm. */
export const smallestNorm = 1e-7;

/** A weight as the matrix it is in memory: [rows, columns] = [k²·in, out]; of a depthwise filter [k², C]. */
export function matrixShape(shape: readonly number[]): readonly [number, number] {
  const size = shape.reduce((product, side) => product * side, 1);
  const last = shape[shape.length - 1] as number;
  const channels = shape.length === 4 && last === 1 ? (shape[2] as number) : last;
  return [size / channels, channels];
}

/** √max(1, out/in·k²): matrices with more outputs than inputs take larger steps. @param shape as `matrixShape` gives it. */
export function rateScale([inputs, outputs]: readonly [number, number]): number {
  return Math.sqrt(Math.max(1, outputs / inputs));
}
