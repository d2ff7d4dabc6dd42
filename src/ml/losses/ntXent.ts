import { logSumExpRows } from "../tensors/logSumExpRows.ts";
import { rowDots } from "../tensors/rowDots.ts";
import { knownUnitRows, type UnitRows } from "../tensors/unitRows.ts";
import * as tf from "../tfjs/tf.ts";

/** Added to a logit that must not count. Large enough for any temperature, small enough for float32 and f16 sums. */
const excluded = -30_000;

/**
 * SimCLR's contrastive loss: each of the 2N views has one positive, the other view of its image, and 2N − 2
 * negatives in the batch.
 *
 *     L = 1/2N · Σᵢ −log( exp(zᵢ·z₊/τ) / Σ_{j≠i} exp(zᵢ·zⱼ/τ) ),   z = [first; second]
 *
 * Chen et al., arXiv 2002.05709.
 *
 * @param first [N, D] view 1; gradient flows.
 * @param second [N, D] view 2 of the same images; gradient flows.
 * @returns scalar ≥ 0; log(2N − 1) when nothing has been learnt.
 */
export function ntXent(first: UnitRows, second: UnitRows, temperature: number): tf.Scalar {
  return tf.tidy(() => {
    const views = knownUnitRows(tf.concat([first, second], 0)); // [2N, D]
    const others = knownUnitRows(tf.concat([second, first], 0));
    const scaled: tf.Tensor2D = tf.mul(views, 1 / temperature);
    const self = tf.mul(tf.eye(views.shape[0]), excluded);
    const logits: tf.Tensor2D = tf.add(tf.matMul(scaled, views, false, true), self); // [2N, 2N]
    return tf.mean(tf.sub(logSumExpRows(logits), rowDots(scaled, others)));
  });
}
