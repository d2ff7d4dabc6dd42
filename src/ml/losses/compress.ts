import type { UnitRows } from "../tensors/unitRows.ts";
import * as tf from "../tfjs/tf.ts";
import { softmaxKlRows } from "./softmaxDivergence.ts";

/**
 * CompRess: the student should rank a memory of images as the teacher does.
 *
 *     L = meanᵢ KL( softmax(tᵢ·M_t/τ) ‖ softmax(sᵢ·M_s/τ) )
 *
 * Koohpayegani et al., NeurIPS 2020; τ 0.04, backbone features. "2q" gives each network a memory of its own, so
 * the widths may differ; "1q" uses the teacher's for both: pass it twice.
 *
 * @param student [N, D_s]; gradient flows.
 * @param teacher [N, D_t]; a constant.
 * @param studentMemory [K, D_s] and
 * @param teacherMemory [K, D_t], of the same images row by row; constants.
 * @returns scalar ≥ 0; 0 = equal rankings.
 */
export function compress(
  student: UnitRows,
  teacher: UnitRows,
  studentMemory: UnitRows,
  teacherMemory: UnitRows,
  temperature: number,
): tf.Scalar {
  return tf.tidy(() => {
    const logits = (rows: UnitRows, memory: UnitRows): tf.Tensor2D =>
      tf.matMul(tf.mul(rows, 1 / temperature), memory, false, true); // [N, K]
    return tf.mean(softmaxKlRows(logits(teacher, teacherMemory), logits(student, studentMemory)));
  });
}
