import type { UnitRows } from "../tensors/unitRows.ts";
import * as tf from "../tfjs/tf.ts";

/**
 * DisCo's distillation term for one view: put the student's embedding where the teacher's is.
 *
 *     L_dis = 1/N · Σᵢ ‖sᵢ − tᵢ‖²  =  2 − 2 · meanᵢ cos(sᵢ, tᵢ)
 *
 * Paper: arXiv 2104.09124. The authors' code sums over the batch, so its weight grows with the batch; we average
 * and leave the weight to `distillWeight`. A mean over the D dimensions as well (a "mean squared error") would be
 * D times weaker.
 *
 * @param student [N, D]; gradient flows.
 * @param teacher [N, D]; a constant.
 * @returns scalar in [0, 4]; 0 = same direction, 2 = orthogonal.
 */
export function distillationLoss(student: UnitRows, teacher: UnitRows): tf.Scalar {
  return tf.tidy(() => tf.mean(tf.sum(tf.square(tf.sub(student, teacher)), 1)));
}
