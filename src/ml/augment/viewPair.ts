import type * as tf from "../tfjs/tf.ts";

/** Two random views of the same images, [N, V, V, 3] in [0, 1]. */
export interface ViewPair {
  readonly first: tf.Tensor4D;
  readonly second: tf.Tensor4D;
}
