import * as tf from "../tfjs/tf.ts";
import { crossedCosines, type TwoViews } from "./twoViews.ts";

/**
 * SimSiam: as BYOL without a mean network; the targets are the same network's projections with the gradient
 * stopped.
 *
 *     L = −½ ( meanᵢ p1ᵢ·z2ᵢ + meanᵢ p2ᵢ·z1ᵢ )
 *
 * Chen & He, arXiv 2011.10566.
 *
 * @param predictions [N, D] both views; gradient flows.
 * @param targets [N, D] both views; constants.
 * @returns scalar in [−1, 1]; −1 = equal.
 */
export function simSiam(predictions: TwoViews, targets: TwoViews): tf.Scalar {
  return tf.tidy(() => tf.mul(-0.5, crossedCosines(predictions, targets)));
}
