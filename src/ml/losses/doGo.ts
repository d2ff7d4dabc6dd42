import * as tf from "../tfjs/tf.ts";
import { softmaxKlRows } from "./softmaxDivergence.ts";
import type { TwoViews } from "./twoViews.ts";

/**
 * DoGo's guidance: the similarities between view 1 and view 2 over the batch, as the teacher sees them.
 *
 *     L = 1/N² · Σᵢⱼ p_ij (log p_ij − log q_ij),   p_i = softmax_j(t1ᵢ·t2ⱼ/T),  q_i = softmax_j(s1ᵢ·s2ⱼ/T)
 *
 * Bhat et al., CVPRW 2021; T 0.1, weight 100 beside a self-supervised loss. The published code takes the mean over
 * all N² entries (PyTorch's default reduction), N times less than the mean over images; so do we.
 *
 * @param student [N, D_s] both views; gradient flows through both.
 * @param teacher [N, D_t] both views; constants.
 * @returns scalar ≥ 0; 0 = equal similarities.
 */
export function doGo(student: TwoViews, teacher: TwoViews, temperature: number): tf.Scalar {
  return tf.tidy(() => {
    const cosines = ({ first, second }: TwoViews): tf.Tensor2D => tf.matMul(first, second, false, true); // [N, N]
    const divergences = softmaxKlRows(cosines(teacher), cosines(student), 1 / temperature);
    return tf.div(tf.mean(divergences), student.first.shape[0]);
  });
}
