import { normalizeRows } from "../tensors/unitRows.ts";
import * as tf from "../tfjs/tf.ts";

/** Mean of ½x² where |x| < 1 and |x| − ½ elsewhere, over all entries. */
function meanSmoothL1(difference: tf.Tensor): tf.Scalar {
  const size = tf.abs(difference);
  const capped = tf.minimum(size, 1);
  return tf.mean(tf.add(tf.mul(0.5, tf.square(capped)), tf.sub(size, capped)));
}

/**
 * Pairwise distances in units of their mean: d_ij = √max(|eᵢ|² + |eⱼ|² − 2 eᵢ·eⱼ, 1e-12), d_ii = 0, divided by the
 * mean over i ≠ j (through which the gradient flows too).
 */
function relativeDistances(rows: tf.Tensor2D): tf.Tensor2D {
  const count = rows.shape[0];
  const squaredLengths: tf.Tensor2D = tf.sum(tf.square(rows), 1, true); // [N, 1]
  const products = tf.matMul(rows, rows, false, true); // [N, N]
  const squared = tf.sub(tf.add(squaredLengths, tf.transpose(squaredLengths)), tf.mul(2, products));
  const offDiagonal = tf.sub(1, tf.eye(count));
  const distances = tf.mul(tf.sqrt(tf.maximum(squared, 1e-12)), offDiagonal);
  const mean = tf.div(tf.sum(distances), count * (count - 1));
  return tf.div(distances, mean);
}

/**
 * Relational knowledge distillation by distances: images as far apart in the student as in the teacher.
 *
 *     L = mean_ij smoothL1( d_ij(s)/mean d(s) − d_ij(t)/mean d(t) )        over all N² entries, diagonal included
 *
 * Park et al., CVPR 2019, as in HobbitLong/RepDistiller. Raw embeddings; widths may differ.
 *
 * @param student [N, D_s], N ≥ 2; gradient flows.
 * @param teacher [N, D_t]; a constant.
 * @returns scalar ≥ 0; 0 = equal up to scale.
 */
export function rkdDistance(student: tf.Tensor2D, teacher: tf.Tensor2D): tf.Scalar {
  return tf.tidy(() => meanSmoothL1(tf.sub(relativeDistances(student), relativeDistances(teacher))));
}

/** Cosines of the angles at every image between every two others: ψ_ijk = u_ij·u_ik, u_ij = (eⱼ − eᵢ)/‖·‖. [N, N, N] */
function angles(rows: tf.Tensor2D): tf.Tensor3D {
  const [count, width] = rows.shape;
  const differences = tf.sub(tf.expandDims(rows, 0), tf.expandDims(rows, 1)); // [i, j, D] = e_j − e_i
  const directions = normalizeRows(tf.reshape(differences, [count * count, width]));
  const u: tf.Tensor3D = tf.reshape(directions, [count, count, width]);
  return tf.matMul(u, u, false, true);
}

/**
 * Relational knowledge distillation by angles: every three images form the same triangle in both networks.
 *
 *     L = mean_ijk smoothL1( ψ_ijk(s) − ψ_ijk(t) )        over all N³ entries
 *
 * Park et al., CVPR 2019, as in HobbitLong/RepDistiller. Raw embeddings; widths may differ. Memory grows with N³:
 * 64 MB at N = 256.
 *
 * @param student [N, D_s]; gradient flows.
 * @param teacher [N, D_t]; a constant.
 * @returns scalar ≥ 0; 0 = similar triangles.
 */
export function rkdAngle(student: tf.Tensor2D, teacher: tf.Tensor2D): tf.Scalar {
  return tf.tidy(() => meanSmoothL1(tf.sub(angles(student), angles(teacher))));
}
