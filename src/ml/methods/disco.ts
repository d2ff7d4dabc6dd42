import { invariant } from "../../lib/invariant.ts";
import { distillationLoss } from "../losses/distillationLoss.ts";
import { infoNce } from "../losses/infoNce.ts";
import type { KeyQueue } from "../losses/queue.ts";
import type { Network } from "../models/network.ts";
import { forward } from "../models/referenceExecutor.ts";
import { copyWeights, disposeWeights, type Weights } from "../models/weights.ts";
import { followParameters, Sgd } from "../optim/sgd.ts";
import type { Teacher, TeacherBatchNorm } from "../teachers/teacher.ts";
import { normalizeImages, type Preprocessing } from "../tensors/normalizeImages.ts";
import { normalizeRows, type UnitRows } from "../tensors/unitRows.ts";
import * as tf from "../tf.ts";
import type { Method, StepSettings, Views } from "./method.ts";

export interface DiscoOptions {
  readonly emaMomentum: number;
  readonly momentum: number;
  readonly weightDecay: number;
  readonly batchNormGroups: number;
  readonly teacherBatchNorm: TeacherBatchNorm;
  readonly teacherInputSize: number;
  readonly preprocessing: Preprocessing;
}

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
 */
export class Disco implements Method {
  /** Never trained by gradient: it follows the student. */
  readonly meanStudent: Weights;
  private readonly optimiser: Sgd;

  /** Takes over `student` and `queue`; the teacher stays the caller's. */
  constructor(
    readonly network: Network,
    readonly student: Weights,
    private readonly teacher: Teacher | null,
    private readonly queue: KeyQueue,
    private readonly options: DiscoOptions,
  ) {
    invariant(
      teacher === null || teacher.card.embeddingDim === network.embeddingDim,
      "student and teacher must embed into the same dimension",
    );
    this.meanStudent = copyWeights(student, "fresh");
    this.optimiser = new Sgd(options);
  }

  step(views: Views, settings: StepSettings): tf.Tensor1D {
    return tf.tidy(() => {
      const { teacher, options } = this;
      const first = normalizeImages(views.first, options.preprocessing);
      const second = normalizeImages(views.second, options.preprocessing);

      followParameters(this.meanStudent.parameters, this.student.parameters, options.emaMomentum);
      const teacherSecond = teacher === null ? null : this.embedTeacher(teacher, views.second);
      const key = this.embedStudent(this.meanStudent, second);
      const teacherFirst = teacher === null ? null : this.embedTeacher(teacher, views.first);

      let parts: tf.Scalar[] = [];
      const { value: loss, grads } = tf.variableGrads(() => {
        const query = this.embedStudent(this.student, first);
        const contrastive = infoNce(query, key, this.queue.keys(), settings.temperature);
        const distillation: tf.Scalar =
          teacherFirst === null || teacherSecond === null
            ? tf.scalar(0)
            : tf.add(
                distillationLoss(query, teacherFirst),
                distillationLoss(this.embedStudent(this.student, second), teacherSecond),
              );
        parts = [tf.keep(contrastive), tf.keep(distillation)];
        return tf.add(
          tf.mul(distillation, settings.distillWeight),
          tf.mul(contrastive, settings.contrastiveWeight),
        ) as tf.Scalar;
      }, [...this.student.parameters.values()]);

      const gradients = new Map<string, tf.Tensor>();
      for (const [name, variable] of this.student.parameters) {
        const gradient = grads[variable.name];
        if (gradient !== undefined) gradients.set(name, gradient);
      }
      this.optimiser.step(this.student.parameters, gradients, settings.learningRate);
      this.queue.enqueue(key);

      const [contrastive, distillation] = parts as [tf.Scalar, tf.Scalar];
      // Each view's mean ‖T − q‖² is 2 − 2 cos, so their sum d gives the mean cosine 1 − d/4.
      const cosine = teacher === null ? tf.scalar(0) : tf.sub(1, tf.div(distillation, 4));
      const scalars = tf.stack([loss, contrastive, distillation, cosine]);
      tf.dispose(parts); // kept across the gradient's scope
      return scalars as tf.Tensor1D;
    });
  }

  dispose(): void {
    disposeWeights(this.student);
    disposeWeights(this.meanStudent);
    this.optimiser.dispose();
    this.queue.dispose();
  }

  private embedStudent(weights: Weights, images: tf.Tensor4D): UnitRows {
    const [embedding] = forward(this.network, weights, images, [this.network.embedding], {
      mode: "train",
      groups: this.options.batchNormGroups,
    }) as [tf.Tensor2D];
    return normalizeRows(embedding);
  }

  private embedTeacher(teacher: Teacher, images: tf.Tensor4D): UnitRows {
    const { teacherBatchNorm, teacherInputSize } = this.options;
    return tf.tidy(() =>
      normalizeRows(teacher.embed(images, teacherBatchNorm, teacherInputSize).embedding),
    ) as UnitRows;
  }
}
