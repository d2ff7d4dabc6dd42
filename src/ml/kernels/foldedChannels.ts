import * as tf from "../tf.ts";

/**
 * Per-channel arithmetic on [rows, C] with few channels is slow where the inner loop runs over C (on WASM four
 * times slower at C = 8 than without broadcasting). Here the same memory is read as [rows/P, P·C], and a vector of C
 * values is repeated P times to match: no copy of the data, and an inner loop of P·C.
 */

/** P: the largest power of two that divides `rows` and is at most their square root. */
export function foldCount(rows: number): number {
  let count = 1;
  while (rows % (2 * count) === 0 && 4 * count * count <= rows) count *= 2;
  return count;
}

/** [S, 1, C] → [S, 1, P·C]. */
export function repeatChannels(vector: tf.Tensor, folds: number): tf.Tensor3D {
  return tf.tile(vector as tf.Tensor3D, [1, 1, folds]);
}

/**
 * Sums over rows, in two rounds: P interleaved partial sums, then their sum, so that rounding errors grow with
 * rows/P + P instead of rows. As matrix products with rows of ones: on every backend the quickest reduction over
 * leading axes (tfjs's own would transpose first).
 *
 * @param folded [S, rows/P, P·C]  @returns [S, 1, C]
 */
export function channelSums(folded: tf.Tensor, folds: number): tf.Tensor3D {
  const [groups, height, width] = folded.shape as [number, number, number];
  const partial: tf.Tensor3D = tf.matMul(tf.ones<tf.Rank.R3>([groups, 1, height]), folded);
  if (folds === 1) return partial;
  const parts = tf.reshape(partial, [groups, folds, width / folds]) as tf.Tensor3D;
  return tf.matMul(tf.ones<tf.Rank.R3>([groups, 1, folds]), parts);
}
