import { rowDots } from "../tensors/rowDots.ts";
import type { UnitRows } from "../tensors/unitRows.ts";
import * as tf from "../tfjs/tf.ts";
import { softmaxCrossEntropyRows } from "./softmaxDivergence.ts";

/**
 * SEED: the student should find an image as similar to the teacher's view of it, and to a queue of the teacher's
 * embeddings, as the teacher does.
 *
 *     L = meanᵢ H( softmax([tᵢ·tᵢ, tᵢ·Q]/τ_T), softmax([sᵢ·tᵢ, sᵢ·Q]/τ_S) )
 *
 * Fang et al., ICLR 2021; τ_S 0.2, τ_T 0.01 (their code uses 1e-4, which makes the target one-hot). Teacher in
 * eval mode, same view for both.
 *
 * @param student [N, D]; gradient flows.
 * @param teacher [N, D]; a constant.
 * @param teacherQueue [K, D], without the current batch; a constant.
 * @returns scalar ≥ 0.
 */
export function seedLoss(
  student: UnitRows,
  teacher: UnitRows,
  teacherQueue: UnitRows,
  temperatures: { readonly student: number; readonly teacher: number },
): tf.Scalar {
  return tf.tidy(() => {
    const logits = (rows: UnitRows, temperature: number): tf.Tensor2D => {
      const scaled: tf.Tensor2D = tf.mul(rows, 1 / temperature);
      const own: tf.Tensor2D = tf.expandDims(rowDots(scaled, teacher), 1); // [N, 1]
      return tf.concat([own, tf.matMul(scaled, teacherQueue, false, true)], 1); // [N, 1 + K]
    };
    return tf.mean(
      softmaxCrossEntropyRows(logits(teacher, temperatures.teacher), logits(student, temperatures.student)),
    );
  });
}
