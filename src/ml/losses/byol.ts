import * as tf from "../tfjs/tf.ts";
import { crossedCosines, type TwoViews } from "./twoViews.ts";

/**
 * BYOL: predict the mean network's projection of the other view.
 *
 *     L = meanᵢ (2 − 2·p1ᵢ·z2ᵢ) + meanᵢ (2 − 2·p2ᵢ·z1ᵢ)
 *
 * Grill et al., arXiv 2006.07733.
 *
 * @param predictions [N, D] both views, from the predictor; gradient flows.
 * @param targets [N, D] both views, from the mean network; constants.
 * @returns scalar in [0, 8]; 0 = equal.
 */
export function byol(predictions: TwoViews, targets: TwoViews): tf.Scalar {
  return tf.tidy(() => tf.sub(4, tf.mul(2, crossedCosines(predictions, targets))));
}
