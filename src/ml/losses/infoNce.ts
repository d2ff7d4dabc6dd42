import { logSumExpRows } from "../tensors/logSumExpRows.ts";
import { rowDots } from "../tensors/rowDots.ts";
import type { UnitRows } from "../tensors/unitRows.ts";
import * as tf from "../tfjs/tf.ts";

/**
 * MoCo's contrastive loss: recognise the key of the same image among the keys in the queue.
 *
 *     L_co = meanᵢ −log( exp(qᵢ·kᵢ/τ) / (exp(qᵢ·kᵢ/τ) + Σⱼ exp(qᵢ·Qⱼ/τ)) )
 *          = meanᵢ softplus( log Σⱼ exp(qᵢ·Qⱼ/τ) − qᵢ·kᵢ/τ )
 *
 * He et al., arXiv 1911.05722; τ 0.2 in MoCo-v2 and DisCo. Asymmetric: view 1 gives the queries, view 2 the keys.
 *
 * @param query [N, D]; gradient flows.
 * @param key [N, D], of the same images; a constant.
 * @param queue [K, D], keys of other images; a constant.
 * @returns scalar ≥ 0; log(K + 1) when nothing has been learnt.
 */
export function infoNce(query: UnitRows, key: UnitRows, queue: UnitRows, temperature: number): tf.Scalar {
  return tf.tidy(() => {
    const scaled: tf.Tensor2D = tf.mul(query, 1 / temperature);
    const positive = rowDots(scaled, key); // [N]
    const negatives: tf.Tensor2D = tf.matMul(scaled, queue, false, true); // [N, K]
    return tf.mean(tf.softplus(tf.sub(logSumExpRows(negatives), positive)));
  });
}
