import { doGo } from "../losses/doGo.ts";
import { ntXent } from "../losses/ntXent.ts";
import type { TwoViews } from "../losses/twoViews.ts";
import * as tf from "../tfjs/tf.ts";
import type { FrozenTeacher } from "./frozenTeacher.ts";
import type { Method, StepSettings, Views } from "./method.ts";
import type { StudentTrainer } from "./studentTrainer.ts";

/** Divides the similarities of the guidance; the published value, apart from the temperature of NT-Xent. */
const similarityTemperature = 0.1;

/**
 * DoGo (Bhat et al., CVPRW 2021): SimCLR, and see the likenesses within the batch as the teacher sees them.
 *
 *     L = λ · NT-Xent(s(v₁), s(v₂); τ) + w · KL( softmax(t(v₁)·t(v₂)ᵀ/T) ‖ softmax(s(v₁)·s(v₂)ᵀ/T) )
 *
 * Published: w 100, τ 0.5, T 0.1, two networks that learn from each other, each from views of its own. Here the
 * offline form: the teacher is frozen and sees the student's views. As published, KL is a mean over all N² entries,
 * so w = 100 at a batch of 256 is 0.39 per image, and w = 32 at a batch of 32 is 1 per image.
 */
export class DoGo implements Method {
  readonly studentViews = 2;

  /** Takes over `trainer`. */
  constructor(
    readonly trainer: StudentTrainer,
    private readonly teacher: FrozenTeacher,
  ) {}

  step(views: Views, settings: StepSettings): tf.Tensor1D {
    const { trainer, teacher } = this;
    return tf.tidy(() => {
      const [first, second] = [trainer.prepare(views.first), trainer.prepare(views.second)];
      const target: TwoViews = {
        first: teacher.embed(views.first, views.targets),
        second: teacher.embed(views.second, views.targets),
      };
      return trainer.update(settings.learningRate, () => {
        const [query, other] = trainer.embedViews([first, second]);
        const student: TwoViews = { first: query, second: other };
        const contrastive = ntXent(student.first, student.second, settings.temperature);
        const distillation = doGo(student, target, similarityTemperature);
        return {
          loss: tf.add(
            tf.mul(contrastive, settings.contrastiveWeight),
            tf.mul(distillation, settings.distillWeight),
          ),
          contrastive,
          distillation,
        };
      });
    });
  }

  dispose(): void {
    this.trainer.dispose();
  }
}
