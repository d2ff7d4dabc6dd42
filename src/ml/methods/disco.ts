import { invariant } from "../../lib/invariant.ts";
import { distillationLoss } from "../losses/distillationLoss.ts";
import { infoNce } from "../losses/infoNce.ts";
import { overPrefixes } from "../losses/overPrefixes.ts";
import type { KeyQueue } from "../losses/queue.ts";
import { copyWeights, disposeWeights, type Weights } from "../models/weights.ts";
import { followParameters } from "../optim/sgd.ts";
import { normalizeRows, type UnitRows } from "../tensors/unitRows.ts";
import * as tf from "../tfjs/tf.ts";
import type { FrozenTeacher } from "./frozenTeacher.ts";
import type { Method, StepSettings, Views } from "./method.ts";
import type { StudentTrainer } from "./studentTrainer.ts";

/**
 * Distilled Contrastive Learning (Gao et al., arXiv 2104.09124), and with no teacher MoCo-v2 (arXiv 2003.04297),
 * where the student sees the first view only.
 *
 *     q = s(v₁)   q′ = s(v₂)   T₁ = t(v₁)   T₂ = t(v₂)   k = m(v₂)        all rows divided by their length
 *     L = w · ( meanᵢ ‖T₁ − q‖² + meanᵢ ‖T₂ − q′‖² ) + λ · InfoNCE(q, k, queue; τ)
 *
 * s student, m mean student, t teacher. The authors' order: s(v₁), s(v₂) → m follows s → t(v₂), m(v₂), t(v₁) → loss
 * → SGD on s → k enters the queue. Here the passes of s come after those of m and t, which changes no number (they
 * share no state and s's weights move last) and keeps the gradient-free passes off the tape. The mean student's
 * BatchNorm statistics are its own, never averaged.
 *
 * Where prefixes of the embedding learn, InfoNCE is the mean over them (`overPrefixes`). Distillation stays with the whole:
 * the teacher's first dimensions mean nothing, and those of its PCA less than what the student makes of few.
 */
export class Disco implements Method {
  readonly studentViews: 1 | 2;
  /** Never trained by gradient: it follows the student. */
  readonly meanStudent: Weights;

  /** Takes over `trainer` and `queue`. */
  constructor(
    readonly trainer: StudentTrainer,
    readonly teacher: FrozenTeacher | null,
    readonly queue: KeyQueue,
    readonly emaMomentum: number,
    /** Lengths of the prefixes that learn, the last the whole embedding. */
    readonly prefixes: readonly number[] = [trainer.network.embeddingDim],
  ) {
    invariant(
      teacher === null || teacher.teacher.card.embeddingDim === trainer.network.embeddingDim,
      "student and teacher must embed into the same dimension",
    );
    this.studentViews = teacher === null ? 1 : 2;
    this.meanStudent = copyWeights(trainer.weights, "fresh");
  }

  step(views: Views, settings: StepSettings): tf.Tensor1D {
    const { trainer, teacher, meanStudent, queue, prefixes } = this;
    return tf.tidy(() => {
      const first = trainer.prepare(views.first);
      const second = trainer.prepare(views.second);

      followParameters(meanStudent.parameters, trainer.weights.parameters, this.emaMomentum);
      const teacherSecond = teacher?.embed(views.second, views.targets);
      const key = normalizeRows(trainer.run(second, meanStudent).embedding);
      const teacherFirst = teacher?.embed(views.first, views.targets);

      const scalars = trainer.update(settings.learningRate, () => {
        const [query, query2]: [UnitRows, UnitRows?] =
          teacherFirst === undefined ? trainer.embedViews([first]) : trainer.embedViews([first, second]);
        const contrastive = overPrefixes(prefixes, [query, key, queue.keys()], (query, key, keys) =>
          infoNce(query, key, keys, settings.temperature),
        );
        const weighted: tf.Scalar = tf.mul(contrastive, settings.contrastiveWeight);
        if (teacherFirst === undefined || teacherSecond === undefined || query2 === undefined)
          return { loss: weighted, contrastive };
        const distillation: tf.Scalar = tf.add(
          distillationLoss(query, teacherFirst),
          distillationLoss(query2, teacherSecond),
        );
        return {
          loss: tf.add(tf.mul(distillation, settings.distillWeight), weighted),
          contrastive,
          distillation,
          cosine: tf.sub(1, tf.div(distillation, 4)), // each view's mean ‖T − q‖² is 2 − 2 cos
        };
      });
      queue.enqueue(key);
      return scalars;
    });
  }

  dispose(): void {
    this.trainer.dispose();
    disposeWeights(this.meanStudent);
    this.queue.dispose();
  }
}
