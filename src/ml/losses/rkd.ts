import { ownKernels } from "../tensors/ownKernels.ts";
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
  return tf.tidy(
    () =>
      launchDistance(student, teacher) ??
      meanSmoothL1(tf.sub(relativeDistances(student), relativeDistances(teacher))),
  );
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
  return tf.tidy(
    () => launchAngle(student, teacher) ?? meanSmoothL1(tf.sub(angles(student), angles(teacher))),
  );
}

/** `rkdDistance` with its gradient written down; null where the backend has no kernels for it. */
function launchDistance(student: tf.Tensor2D, teacher: tf.Tensor2D): tf.Scalar | null {
  const kernels = ownKernels("PairDistances", "RelativeDistanceLoss", "RelativeDistanceGradient");
  if (kernels === null) return null;
  const launch = tf.customGrad((x, save) => {
    const rows = x as tf.Tensor2D;
    const [own] = kernels.PairDistances({ rows }) as [tf.Tensor2D];
    const [given] = kernels.PairDistances({ rows: teacher }) as [tf.Tensor2D];
    const results = kernels.RelativeDistanceLoss({ student: own, teacher: given });
    const [loss, statistics] = results as [tf.Scalar, tf.Tensor1D];
    (save as tf.GradSaveFunc)([rows, own, given, statistics]);
    return {
      value: loss,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [rows, student, teacher, statistics] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
        return kernels.RelativeDistanceGradient({ dy, rows, student, teacher, statistics })[0] as tf.Tensor;
      },
    };
  });
  return launch(student);
}

/** `rkdAngle` in the same way; ψ is symmetric in j and k, so ∂L/∂u = 2·∂L/∂ψ·u. */
function launchAngle(student: tf.Tensor2D, teacher: tf.Tensor2D): tf.Scalar | null {
  const kernels = ownKernels(
    "PairDirections",
    "AngleLosses",
    "AngleSlopes",
    "UnitRowsGradient",
    "EndsOfPairs",
  );
  if (kernels === null) return null;
  const directionsOf = (rows: tf.Tensor2D) =>
    kernels.PairDirections({ rows }) as [u: tf.Tensor3D, slopes: tf.Tensor2D];
  const cosinesOf = (u: tf.Tensor3D): tf.Tensor3D => tf.matMul(u, u, false, true); // [N, N, N]
  const launch = tf.customGrad((x, save) => {
    const [u, slopes] = directionsOf(x as tf.Tensor2D);
    const [own, given] = [cosinesOf(u), cosinesOf(directionsOf(teacher)[0])];
    const [losses] = kernels.AngleLosses({ student: own, teacher: given }) as [tf.Tensor1D];
    (save as tf.GradSaveFunc)([u, slopes, own, given]);
    return {
      value: tf.sum(losses),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [u, slopes, student, teacher] = saved as [tf.Tensor3D, tf.Tensor2D, tf.Tensor3D, tf.Tensor3D];
        const [byCosines] = kernels.AngleSlopes({ dy, student, teacher }) as [tf.Tensor3D];
        const pairs: [number, number] = [slopes.size, u.shape[2]];
        const [byPairs] = kernels.UnitRowsGradient({
          dy: tf.reshape(tf.matMul(byCosines, u), pairs),
          y: tf.reshape(u, pairs),
          slopes,
        }) as [tf.Tensor2D];
        return kernels.EndsOfPairs({ g: tf.reshape(byPairs, u.shape) })[0] as tf.Tensor;
      },
    };
  });
  return launch(student) as tf.Scalar;
}
