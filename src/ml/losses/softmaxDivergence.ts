import { logSumExpRows } from "../tensors/logSumExpRows.ts";
import * as tf from "../tfjs/tf.ts";

/**
 * Cross-entropy of each row's softmax against a target softmax: H(pᵢ, qᵢ) = log Σⱼ exp(zᵢⱼ) − Σⱼ pᵢⱼ·zᵢⱼ.
 *
 * @param targetLogits [N, K], p = softmax; a constant.
 * @param logits [N, K], q = softmax; gradient flows.
 * @returns [N], each ≥ the entropy of its target.
 */
export function softmaxCrossEntropyRows(targetLogits: tf.Tensor2D, logits: tf.Tensor2D): tf.Tensor1D {
  return tf.tidy(() => {
    const target = tf.softmax(targetLogits);
    return tf.sub(logSumExpRows(logits), tf.sum(tf.mul(target, logits), 1));
  });
}

/**
 * Kullback–Leibler divergence of each row's softmax from a target softmax: KL(pᵢ ‖ qᵢ) = Σⱼ pᵢⱼ (log pᵢⱼ − log qᵢⱼ).
 *
 * @param targetLogits [N, K], p = softmax; a constant.
 * @param logits [N, K], q = softmax; gradient flows.
 * @returns [N], each ≥ 0; 0 = equal distributions.
 */
export function softmaxKlRows(targetLogits: tf.Tensor2D, logits: tf.Tensor2D): tf.Tensor1D {
  return tf.tidy(() => {
    const target = tf.softmax(targetLogits);
    const expectedGap = tf.sum(tf.mul(target, tf.sub(targetLogits, logits)), 1);
    return tf.add(expectedGap, tf.sub(logSumExpRows(logits), logSumExpRows(targetLogits)));
  });
}
