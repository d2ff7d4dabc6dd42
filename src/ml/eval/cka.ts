import * as tf from "../tfjs/tf.ts";

/**
 * Linear centred kernel alignment (Kornblith et al., ICML 2019): how similar two networks' features of the same
 * images are, whatever rotation or scale lies between them.
 *
 *     ‖YᵀX‖²_F / (‖XᵀX‖_F · ‖YᵀY‖_F),   columns centred (the biased estimator)
 *
 * @param first [N, D₁]
 * @param second [N, D₂]
 * @returns scalar in [0, 1]; 1 = the same up to rotation and scale.
 */
export function linearCka(first: tf.Tensor2D, second: tf.Tensor2D): tf.Scalar {
  return tf.tidy(() => {
    // Divided by their size too: fourth powers of large features would overflow.
    const prepared = (rows: tf.Tensor2D): tf.Tensor2D => {
      const centred = tf.sub(rows, tf.mean(rows, 0, true));
      return tf.div(centred, tf.maximum(tf.norm(centred), 1e-30));
    };
    const [x, y] = [prepared(first), prepared(second)];
    const squaredNorm = (a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor =>
      tf.sum(tf.square(tf.matMul(a, b, true, false)));
    return tf.div(squaredNorm(y, x), tf.sqrt(tf.mul(squaredNorm(x, x), squaredNorm(y, y))));
  });
}
