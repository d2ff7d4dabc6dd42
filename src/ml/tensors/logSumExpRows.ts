import * as tf from "../tfjs/tf.ts";

/**
 * log Σⱼ exp(xᵢⱼ) of every row, without overflow.
 *
 * Same value as `tf.logSumExp`; its gradient dy · softmax(x) is written down instead of being pieced together
 * from max, exp and log, which on a [N, 65 536] matrix saves several passes over memory.
 *
 * @param x [N, K]; gradient flows.
 * @returns [N]
 */
export function logSumExpRows(x: tf.Tensor2D): tf.Tensor1D {
  const logSumExp = tf.customGrad((input, save) => {
    const largest = tf.max(input as tf.Tensor, 1, true); // [N, 1]
    const powers = tf.exp(tf.sub(input as tf.Tensor, largest)); // [N, K]
    const total = tf.sum(powers, 1, true); // [N, 1]
    (save as tf.GradSaveFunc)([powers, total]);
    return {
      value: tf.squeeze(tf.add(largest, tf.log(total)), [1]),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [e, sum] = saved as [tf.Tensor, tf.Tensor];
        return tf.mul(e, tf.div(tf.expandDims(dy, 1), sum));
      },
    };
  });
  return tf.tidy(() => logSumExp(x)) as tf.Tensor1D;
}
