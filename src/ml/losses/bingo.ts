import { logSumExpRows } from "../tensors/logSumExpRows.ts";
import { ownKernels } from "../tensors/ownKernels.ts";
import { rowDots } from "../tensors/rowDots.ts";
import type { UnitRows } from "../tensors/unitRows.ts";
import * as tf from "../tfjs/tf.ts";

/** The student's embeddings of N images, of a member of each image's bag, and of both cut into one; [N, D] each. */
export interface BagQueries {
  readonly anchor: UnitRows;
  readonly member: UnitRows;
  readonly mixture: UnitRows;
}

/** The teacher's embeddings of other views of the same images and bag members; [N, D] each. */
export interface BagKeys {
  readonly anchor: UnitRows;
  readonly member: UnitRows;
}

/**
 * BINGO's loss: bring everything the student sees of a bag to everything the teacher sees of it.
 *
 *     L = ⅓ · [ ½ (ℓ(a, A) + ℓ(a, B)) + ½ (ℓ(b, A) + ℓ(b, B)) + λ ℓ(m, A) + (1 − λ) ℓ(m, B) ]
 *
 * a, b, m: the student's anchor, member and mixture; A, B: the teacher's anchor and member; λ: the anchor's share of
 * the mixture; ℓ: InfoNCE with one queue of the teacher's embeddings (see `infoNce`). ℓ(a, A) and ℓ(b, B) are
 * intra-sample, ℓ(a, B) and ℓ(b, A) inter-sample distillation. Xu et al., arXiv 2107.01691; τ 0.2.
 *
 * @param student gradient flows.
 * @param teacher constants.
 * @param queue [K, D], the teacher's embeddings of other images; a constant.
 * @param anchorShare λ in [0, 1].
 * @returns scalar ≥ 0; log(K + 1) when nothing has been learnt.
 */
export function bingo(
  student: BagQueries,
  teacher: BagKeys,
  queue: UnitRows,
  { anchorShare, temperature }: { readonly anchorShare: number; readonly temperature: number },
): tf.Scalar {
  return tf.tidy(() => {
    const launched = launchBingo(student, teacher, queue, anchorShare, 1 / temperature);
    if (launched !== null) return launched;
    const queries = tf.concat([student.anchor, student.member, student.mixture], 0); // [3N, D]
    const scaled: tf.Tensor2D = tf.mul(queries, 1 / temperature);
    const negatives = logSumExpRows(tf.matMul(scaled, queue, false, true)); // [3N], once for both keys
    const towards = (key: UnitRows): tf.Tensor1D => {
      const positive = rowDots(scaled, tf.tile(key, [3, 1]));
      const losses = tf.softplus(tf.sub(negatives, positive));
      return tf.mean(tf.reshape(losses, [3, -1]), 1); // [3]: of anchor, member, mixture
    };
    const weights = tf.tensor1d([0.5, 0.5, anchorShare]);
    return tf.mean(
      tf.add(tf.mul(weights, towards(teacher.anchor)), tf.mul(tf.sub(1, weights), towards(teacher.member))),
    );
  });
}

type Rows = tf.Tensor2D;

/** The same with its gradient written down; null where the backend has no kernels for it. */
function launchBingo(
  student: BagQueries,
  teacher: BagKeys,
  queue: UnitRows,
  anchorShare: number,
  scale: number,
): tf.Scalar | null {
  const kernels = ownKernels("BagLosses", "BagGradient");
  if (kernels === null) return null;
  const { anchor: anchors, member: members } = teacher;
  const launch = tf.customGrad((...inputs: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const save = inputs.pop() as tf.GradSaveFunc;
    const queries = tf.concat(inputs as tf.Tensor2D[], 0); // [3N, D]
    const cosines = tf.matMul(queries, queue, false, true); // [3N, K]
    const weights = tf.tensor1d([0.5, 0.5, anchorShare]);
    const results = kernels.BagLosses({ queries, anchors, members, cosines, weights }, { scale });
    const [losses, pulls, ownPulls] = results as [tf.Tensor1D, tf.Tensor2D, tf.Tensor2D];
    save([pulls, ownPulls, anchors, members, queue]);
    return {
      value: tf.sum(losses),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [pulls, ownPulls, anchors, members, queue] = saved as [Rows, Rows, Rows, Rows, Rows];
        const pulled = tf.matMul(pulls, queue); // [3N, D]
        return kernels.BagGradient({ dy, pulled, ownPulls, anchors, members });
      },
    };
  });
  return launch(student.anchor, student.member, student.mixture) as tf.Scalar;
}
