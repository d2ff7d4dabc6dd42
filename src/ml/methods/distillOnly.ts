import { distillationLoss } from "../losses/distillationLoss.ts";
import * as tf from "../tfjs/tf.ts";
import type { FrozenTeacher } from "./frozenTeacher.ts";
import type { Method, StepSettings, Views } from "./method.ts";
import type { StudentTrainer } from "./studentTrainer.ts";

/**
 * DisCo's distillation term alone (arXiv 2104.09124): the student learns to put both views where the teacher does.
 * Neither queue nor mean student, so a step costs a quarter less than DisCo with λ = 0.
 */
export class DistillOnly implements Method {
  readonly studentViews = 2;

  /** Takes over `trainer`. */
  constructor(
    readonly trainer: StudentTrainer,
    readonly teacher: FrozenTeacher,
  ) {}

  step(views: Views, settings: StepSettings): tf.Tensor1D {
    const { trainer, teacher } = this;
    return tf.tidy(() => {
      const inputs = [trainer.prepare(views.first), trainer.prepare(views.second)] as const;
      const targets = [
        teacher.embed(views.first, views.targets),
        teacher.embed(views.second, views.targets),
      ] as const;
      return trainer.update(settings.learningRate, () => {
        const [first, second] = trainer.embedViews(inputs);
        const distillation: tf.Scalar = tf.add(
          distillationLoss(first, targets[0]),
          distillationLoss(second, targets[1]),
        );
        return {
          loss: tf.mul(distillation, settings.distillWeight),
          distillation,
          cosine: tf.sub(1, tf.div(distillation, 4)),
        };
      });
    });
  }

  dispose(): void {
    this.trainer.dispose();
  }
}
