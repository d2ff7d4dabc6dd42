import { mix32 } from "../../../src/lib/prng.ts";

/**
 * What little of an array is enough to tell how far another is from it: its length and its sums under random signs.
 *
 *     E[ (Σ σᵢaᵢ − Σ σᵢbᵢ)² ] = ‖a − b‖²        σᵢ independent, ±1
 */
export interface Sketch {
  readonly size: number;
  /** ‖a‖ */
  readonly length: number;
  readonly signedSums: readonly number[];
}

const signPatterns = 16;

export function sketch(values: Float32Array): Sketch {
  const signedSums = new Array<number>(signPatterns).fill(0);
  let squares = 0;
  values.forEach((value, i) => {
    const signs = mix32(i + 1);
    squares += value * value;
    for (let p = 0; p < signPatterns; p++)
      signedSums[p] = (signedSums[p] as number) + ((signs >>> p) & 1 ? value : -value);
  });
  return { size: values.length, length: Math.sqrt(squares), signedSums };
}

/** ‖a − b‖ / ‖b‖, estimated from sketches, right to about a fifth; infinite for arrays of different sizes. */
export function sketchedDifference(a: Sketch, b: Sketch): number {
  if (a.size !== b.size) return Infinity;
  const sum = a.signedSums.reduce((total, value, p) => total + (value - (b.signedSums[p] as number)) ** 2, 0);
  return sum === 0 ? 0 : Math.sqrt(sum / signPatterns) / b.length;
}
