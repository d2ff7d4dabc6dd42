import { ntXent } from "../losses/ntXent.ts";
import * as tf from "../tfjs/tf.ts";
import type { Method, StepSettings, Views } from "./method.ts";
import type { StudentTrainer } from "./studentTrainer.ts";

/** SimCLR (Chen et al., arXiv 2002.05709): no teacher; the batch's other views are the negatives. */
export class SimClr implements Method {
  readonly studentViews = 2;

  /** Takes over `trainer`. */
  constructor(readonly trainer: StudentTrainer) {}

  step(views: Views, settings: StepSettings): tf.Tensor1D {
    const { trainer } = this;
    return tf.tidy(() => {
      const first = trainer.prepare(views.first);
      const second = trainer.prepare(views.second);
      return trainer.update(settings.learningRate, () => {
        const [rows, others] = trainer.embedViews([first, second]);
        const contrastive = ntXent(rows, others, settings.temperature);
        return { loss: contrastive, contrastive };
      });
    });
  }

  dispose(): void {
    this.trainer.dispose();
  }
}
