import { logSumExpRows } from "../tensors/logSumExpRows.ts";
import { ownKernels } from "../tensors/ownKernels.ts";
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
    const launched = launchNtXent(views, temperature);
    if (launched !== null) return launched;
    const others = knownUnitRows(tf.concat([second, first], 0));
    const scaled: tf.Tensor2D = tf.mul(views, 1 / temperature);
    const self = tf.mul(tf.eye(views.shape[0]), excluded);
    const logits: tf.Tensor2D = tf.add(tf.matMul(scaled, views, false, true), self); // [2N, 2N]
    return tf.mean(tf.sub(logSumExpRows(logits), rowDots(scaled, others)));
  });
}

/** The same of both views in one, with ∂L/∂z = S·z for a matrix S; null where the backend has no kernels for it. */
function launchNtXent(views: UnitRows, temperature: number): tf.Scalar | null {
  const kernels = ownKernels("NtXent", "NtXentSlopes");
  if (kernels === null) return null;
  const scale = 1 / temperature;
  const launch = tf.customGrad((x, save) => {
    const rows = x as tf.Tensor2D;
    const cosines = tf.matMul(rows, rows, false, true); // [2N, 2N]
    const [losses, logSums] = kernels.NtXent({ cosines }, { scale }) as [tf.Tensor1D, tf.Tensor1D];
    (save as tf.GradSaveFunc)([rows, cosines, logSums]);
    return {
      value: tf.mean(losses),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [rows, cosines, logSums] = saved as [tf.Tensor2D, tf.Tensor2D, tf.Tensor1D];
        const [slopes] = kernels.NtXentSlopes({ dy, cosines, logSums }, { scale }) as [tf.Tensor2D];
        return tf.matMul(slopes, rows);
      },
    };
  });
  return launch(views) as tf.Scalar;
}
