import { rowDots } from "../tensors/rowDots.ts";
import { normalizeRows } from "../tensors/unitRows.ts";
import * as tf from "../tfjs/tf.ts";

export interface CossOptions {
  /** Weight of the rows' term (images); 1 in the paper. */
  readonly rowWeight: number;
  /** λ, weight of the columns' term (dimensions); 1 in the paper. */
  readonly columnWeight: number;
  /** Both divide the cosines; 1 leaves them alone. */
  readonly studentTemperature: number;
  readonly teacherTemperature: number;
}

const published: CossOptions = {
  rowWeight: 1,
  columnWeight: 1,
  studentTemperature: 1,
  teacherTemperature: 1,
};

/**
 * CoSS: cosine between student and teacher along both axes of the batch matrix: each image's features, and each
 * feature's values over the batch.
 *
 *     L = −( w·meanᵢ cos(S[i,:], T[i,:]) + λ·mean_d cos(S[:,d], T[:,d]) ) / (τ_s·τ_t)
 *
 * Singh et al., ECCV 2024. Raw features, normalised here.
 *
 * @param student [N, D]; gradient flows.
 * @param teacher [N, D]; a constant.
 * @returns the loss, in [−2, 2] for the published weights, −2 = equal; and the rows' mean cosine, which is part of it.
 */
export function coss(
  student: tf.Tensor2D,
  teacher: tf.Tensor2D,
  options: CossOptions = published,
): { loss: tf.Scalar; cosine: tf.Scalar } {
  return tf.tidy(() => {
    const { rowWeight, columnWeight, studentTemperature, teacherTemperature } = options;
    const rows: tf.Scalar = tf.mean(rowDots(normalizeRows(student), normalizeRows(teacher)));
    const columns = tf.mean(
      rowDots(normalizeRows(tf.transpose(student)), normalizeRows(tf.transpose(teacher))),
    );
    const similarity = tf.add(tf.mul(rows, rowWeight), tf.mul(columns, columnWeight));
    return { loss: tf.mul(similarity, -1 / (studentTemperature * teacherTemperature)), cosine: rows };
  });
}
