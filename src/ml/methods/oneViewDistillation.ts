import { coss } from "../losses/coss.ts";
import { rkdAngle, rkdDistance } from "../losses/rkd.ts";
import { simReg } from "../losses/simReg.ts";
import { rowDots } from "../tensors/rowDots.ts";
import { normalizeRows } from "../tensors/unitRows.ts";
import * as tf from "../tfjs/tf.ts";
import type { Embedded } from "../teachers/teacher.ts";
import type { FrozenTeacher } from "./frozenTeacher.ts";
import type { Method, StepSettings, Views } from "./method.ts";
import type { LossParts, StudentTrainer } from "./studentTrainer.ts";

/** What is compared within one view of one batch. */
type ViewLoss = (student: Embedded, teacher: Embedded) => LossParts;

/** SimReg (Navaneet et al., BMVC 2021): regress the teacher's features through a prediction head of four layers. */
export const simRegLoss: ViewLoss = (student, teacher) => {
  const rows = normalizeRows(student.embedding);
  const target = normalizeRows(teacher.features);
  const distillation = simReg(rows, target);
  return { loss: distillation, distillation, cosine: tf.mean(rowDots(rows, target)) };
};

/** RKD (Park et al., CVPR 2019): the batch's distances and angles, weight 1 each. */
export const rkdLoss: ViewLoss = (student, teacher) => {
  const distillation: tf.Scalar = tf.add(
    rkdDistance(student.embedding, teacher.embedding),
    rkdAngle(student.embedding, teacher.embedding),
  );
  return { loss: distillation, distillation };
};

/** CoSS (Singh et al., ECCV 2024): cosines along the rows and along the columns of the batch's matrix. */
export const cossLoss: ViewLoss = (student, teacher) => {
  const { loss, cosine } = coss(student.embedding, teacher.embedding);
  return { loss, distillation: loss, cosine };
};

/** The methods that compare student and teacher on one and the same view, without memory of past batches. */
export class OneViewDistillation implements Method {
  readonly studentViews = 1;

  /** Takes over `trainer`. */
  constructor(
    readonly trainer: StudentTrainer,
    private readonly teacher: FrozenTeacher,
    private readonly compare: ViewLoss,
  ) {}

  step(views: Views, settings: StepSettings): tf.Tensor1D {
    const { trainer, teacher } = this;
    return tf.tidy(() => {
      const input = trainer.prepare(views.first);
      const target = teacher.run(views.first, views.targets);
      return trainer.update(settings.learningRate, () => this.compare(trainer.run(input), target));
    });
  }

  dispose(): void {
    this.trainer.dispose();
  }
}
