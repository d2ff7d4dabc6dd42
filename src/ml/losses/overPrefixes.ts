import { normalizeRows, type UnitRows } from "../tensors/unitRows.ts";
import * as tf from "../tfjs/tf.ts";

/**
 * A loss of unit embeddings, averaged over prefixes of them, so that each prefix is an embedding of its own.
 *
 *     L = 1/|M| · Σ_{m ∈ M} ℓ( a₁…ₘ/‖a₁…ₘ‖, b₁…ₘ/‖b₁…ₘ‖, … )
 *
 * Matryoshka representation learning (Kusupati et al., arXiv 2205.13147), which sums with weights of 1; a mean leaves
 * the size of the loss, and with it the learning rate, as they are.
 *
 * @param dims M, each at most D; [D] gives ℓ of the whole rows.
 * @param rows [·, D] each; gradient flows as ℓ lets it.
 */
export function overPrefixes<Rows extends readonly UnitRows[]>(
  dims: readonly number[],
  rows: Rows,
  loss: (...rows: Rows) => tf.Scalar,
): tf.Scalar {
  return tf.tidy(() => {
    const losses = dims.map((dim) => loss(...(rows.map((whole) => prefixOf(whole, dim)) as unknown as Rows)));
    return losses.length === 1 ? (losses[0] as tf.Scalar) : tf.mean(tf.stack(losses));
  });
}

/** @returns [N, dim] unit rows; the rows themselves where they have no more dimensions. */
function prefixOf(rows: UnitRows, dim: number): UnitRows {
  if (rows.shape[1] === dim) return rows;
  return normalizeRows(tf.slice2d(rows, [0, 0], [rows.shape[0], dim]));
}
