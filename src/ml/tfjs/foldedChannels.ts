import * as tf from "./tf.ts";

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
 * Means over rows, in two rounds: P interleaved partial means, then theirs, so that rounding errors grow with
 * rows/P + P instead of rows. As average pooling, which on every backend is one pass over memory: tfjs's own
 * reduction over leading axes transposes first, and a product with a row of ones makes WASM pack the whole operand.
 *
 * @param folded [S, rows/P, P·C]  @returns [S, 1, C]
 */
export function channelMeans(folded: tf.Tensor, folds: number): tf.Tensor3D {
  const partial = rowMeans(folded);
  if (folds === 1) return partial;
  const [subBatches, , width] = partial.shape;
  return rowMeans(tf.reshape(partial, [subBatches, folds, width / folds]));
}

/** [S, R, W] → [S, 1, W]. */
function rowMeans(x: tf.Tensor): tf.Tensor3D {
  const [subBatches, rows, width] = x.shape as [number, number, number];
  const images: tf.Tensor4D = tf.reshape(x, [subBatches, rows, 1, width]);
  return tf.reshape(tf.avgPool(images, [rows, 1], 1, "valid"), [subBatches, 1, width]);
}
