import type { UnitRows } from "../tensors/unitRows.ts";
import * as tf from "../tfjs/tf.ts";

/**
 * Standard deviation over the images of each dimension of the unit embeddings (unbiased: N − 1).
 *
 * @param rows [N ≥ 2, D]
 * @returns [D]; 0 = this dimension is the same for every image, 1/√D = evenly spread.
 */
export function dimensionDeviations(rows: UnitRows): tf.Tensor1D {
  return tf.tidy(() => {
    const centred = tf.sub(rows, tf.mean(rows, 0, true));
    return tf.sqrt(tf.div(tf.sum(tf.square(centred), 0), rows.shape[0] - 1));
  });
}

/**
 * Whether embeddings have collapsed: the mean over dimensions of their standard deviation, times √D.
 *
 * @param rows [N ≥ 2, D]
 * @returns scalar; 0 = all images have the same embedding, 1 = spread evenly over the sphere.
 */
export function embeddingSpread(rows: UnitRows): tf.Scalar {
  return tf.tidy(() => tf.mul(tf.mean(dimensionDeviations(rows)), Math.sqrt(rows.shape[1])));
}
