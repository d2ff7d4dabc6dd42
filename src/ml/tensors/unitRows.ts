import * as tf from "../tfjs/tf.ts";
import { ownKernels } from "./ownKernels.ts";

declare const unitRowsBrand: unique symbol;

/** [N, D] rows of length 1 (a zero row stays zero). Raw embeddings do not compile where these are wanted. */
export type UnitRows = tf.Tensor2D & { readonly [unitRowsBrand]: true };

const smallestNorm = 1e-12;

/**
 * Puts every row on the unit sphere.
 *
 *     y = x / max(‖x‖₂, 1e-12)        dx = (dy − y·⟨dy, y⟩) / ‖x‖
 *
 * As PyTorch's `normalize`, except that a row no longer than 1e-12 gets a zero gradient (PyTorch: dy · 10¹²).
 *
 * @param rows [N, D]; gradient flows.
 */
export function normalizeRows(rows: tf.Tensor2D): UnitRows {
  return tf.tidy(() => (rows.size === 0 ? null : byOwnKernels(rows)) ?? byOperations(rows)) as UnitRows;
}

/** A launch forwards and one backwards; null where the backend has no kernels for it. */
function byOwnKernels(rows: tf.Tensor2D): tf.Tensor | null {
  const kernels = ownKernels("UnitRows", "UnitRowsGradient");
  if (kernels === null) return null;
  const normalize = tf.customGrad((x, save) => {
    const [y, slopes] = kernels.UnitRows({ x: x as tf.Tensor }) as [tf.Tensor, tf.Tensor];
    (save as tf.GradSaveFunc)([y, slopes]);
    return {
      value: y,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [y, slopes] = saved as [tf.Tensor, tf.Tensor];
        return kernels.UnitRowsGradient({ dy, y, slopes })[0] as tf.Tensor;
      },
    };
  });
  return normalize(rows);
}

/** Through operations that every backend has, and their gradients. */
function byOperations(rows: tf.Tensor2D): tf.Tensor {
  const normalize = tf.customGrad((x, save) => {
    const input = x as tf.Tensor2D;
    const length = tf.norm(input, "euclidean", 1, true); // [N, 1]
    const inverse = tf.div(1, tf.maximum(length, smallestNorm));
    const unit = tf.mul(input, inverse);
    const slope = tf.mul(inverse, tf.cast(tf.greater(length, smallestNorm), "float32"));
    const keep = save as tf.GradSaveFunc;
    keep([unit, slope]);
    return {
      value: unit,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [y, s] = saved as [tf.Tensor, tf.Tensor];
        const along = tf.sum(tf.mul(dy, y), 1, true); // [N, 1]
        return tf.mul(tf.sub(dy, tf.mul(y, along)), s);
      },
    };
  });
  return normalize(rows);
}

/** States that rows are of length 1 because of how they were made: slices, copies or unions of unit rows. */
export function knownUnitRows(rows: tf.Tensor2D): UnitRows {
  return rows as UnitRows;
}
