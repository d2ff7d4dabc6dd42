import type { UnitRows } from "../tensors/unitRows.ts";
import * as tf from "../tfjs/tf.ts";

/**
 * How close two views of an image are: meanᵢ ‖xᵢ − yᵢ‖² (Wang & Isola, arXiv 2005.10242, α = 2).
 *
 * @param first [N, D]
 * @param second [N, D] other views of the same images.
 * @returns scalar in [0, 4]; 0 = views do not matter.
 */
export function alignment(first: UnitRows, second: UnitRows): tf.Scalar {
  return tf.tidy(() => tf.mean(tf.sum(tf.squaredDifference(first, second), 1)));
}

/**
 * How evenly embeddings fill the sphere: log mean_{i<j} exp(−2‖xᵢ − xⱼ‖²) (Wang & Isola, arXiv 2005.10242, t = 2).
 *
 * Holds an [N, N] matrix.
 *
 * @param rows [N ≥ 2, D]
 * @returns scalar in [−8, 0]; 0 = collapsed, about −4 = even in many dimensions.
 */
export function uniformity(rows: UnitRows): tf.Scalar {
  return tf.tidy(() => {
    const count = rows.shape[0];
    const squaredDistances = tf.sub(2, tf.mul(2, tf.matMul(rows, rows, false, true)));
    const others = tf.sub(1, tf.eye(count));
    const total = tf.sum(tf.mul(tf.exp(tf.mul(squaredDistances, -2)), others));
    return tf.log(tf.div(total, count * (count - 1)));
  });
}
