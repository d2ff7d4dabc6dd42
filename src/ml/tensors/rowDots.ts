import * as tf from "../tfjs/tf.ts";

/**
 * Inner product of each row of `a` with the row of `b` beside it.
 *
 * @param a [N, D]
 * @param b [N, D]
 * @returns [N]; for unit rows the cosines.
 */
export function rowDots(a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor1D {
  return tf.sum(tf.mul(a, b), 1);
}
