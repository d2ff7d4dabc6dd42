import { logSumExpRows } from "../tensors/logSumExpRows.ts";
import { ownKernels } from "../tensors/ownKernels.ts";
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
    const launched = launchDistance(targetLogits, logits, { measure: "crossEntropy", scale: 1 });
    if (launched !== null) return launched;
    const target = tf.softmax(targetLogits);
    return tf.sub(logSumExpRows(logits), tf.sum(tf.mul(target, logits), 1));
  });
}

/**
 * Kullback–Leibler divergence of each row's softmax from a target softmax: KL(pᵢ ‖ qᵢ) = Σⱼ pᵢⱼ (log pᵢⱼ − log qᵢⱼ).
 *
 * @param targetLogits [N, K], p = softmax; a constant.
 * @param logits [N, K], q = softmax; gradient flows.
 * @param scale of both, before their softmax.
 * @returns [N], each ≥ 0; 0 = equal distributions.
 */
export function softmaxKlRows(targetLogits: tf.Tensor2D, logits: tf.Tensor2D, scale = 1): tf.Tensor1D {
  return tf.tidy(() => {
    const launched = launchDistance(targetLogits, logits, { measure: "divergence", scale });
    if (launched !== null) return launched;
    const [t, z]: tf.Tensor2D[] =
      scale === 1 ? [targetLogits, logits] : [tf.mul(targetLogits, scale), tf.mul(logits, scale)];
    const expectedGap = tf.sum(tf.mul(tf.softmax(t!), tf.sub(t!, z!)), 1);
    return tf.add(expectedGap, tf.sub(logSumExpRows(z!), logSumExpRows(t!)));
  });
}

interface Distance {
  readonly measure: "crossEntropy" | "divergence";
  readonly scale: number;
}

/** The values and, at once, their slopes by the logits, in one launch; null where the backend has no kernel for it. */
function launchDistance(targets: tf.Tensor2D, logits: tf.Tensor2D, distance: Distance): tf.Tensor1D | null {
  const kernels = ownKernels("SoftmaxDistance");
  if (kernels === null) return null;
  const launch = tf.customGrad((z, save) => {
    const results = kernels.SoftmaxDistance({ targets, logits: z as tf.Tensor }, { ...distance });
    const [values, slopes] = results as [tf.Tensor1D, tf.Tensor2D];
    (save as tf.GradSaveFunc)([slopes]);
    return {
      value: values,
      gradFunc: (dy: tf.Tensor, [slopes]: tf.Tensor[]) => tf.mul(slopes as tf.Tensor, tf.expandDims(dy, 1)),
    };
  });
  return launch(logits);
}
