import { rowDots } from "../tensors/rowDots.ts";
import type { UnitRows } from "../tensors/unitRows.ts";
import * as tf from "../tfjs/tf.ts";

/**
 * SimReg: regress the teacher's features by cosine, through a prediction head on the student.
 *
 *     L = meanᵢ (2 − 2·cos(pᵢ, tᵢ))
 *
 * Navaneet et al., BMVC 2021. The same number as `distillationLoss`; the method differs in what is matched: an
 * MLP of four layers on the student's backbone (BatchNorm and ReLU after the first and third) against the
 * teacher's backbone, on the same weakly augmented view.
 *
 * @param predicted [N, D] the student's prediction; gradient flows.
 * @param teacher [N, D]; a constant.
 * @returns scalar in [0, 4]; 0 = same direction.
 */
export function simReg(predicted: UnitRows, teacher: UnitRows): tf.Scalar {
  return tf.tidy(() => tf.sub(2, tf.mul(2, tf.mean(rowDots(predicted, teacher)))));
}
