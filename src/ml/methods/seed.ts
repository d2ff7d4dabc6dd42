import type { KeyQueue } from "../losses/queue.ts";
import { seedLoss } from "../losses/seedLoss.ts";
import { rowDots } from "../tensors/rowDots.ts";
import { normalizeRows } from "../tensors/unitRows.ts";
import * as tf from "../tfjs/tf.ts";
import type { FrozenTeacher } from "./frozenTeacher.ts";
import type { Method, StepSettings, Views } from "./method.ts";
import type { StudentTrainer } from "./studentTrainer.ts";

/** SEED (Fang et al., ICLR 2021): match the teacher's similarities to a queue of its own embeddings, on one view. */
export class Seed implements Method {
  readonly studentViews = 1;

  /** Takes over `trainer` and `queue`. */
  constructor(
    readonly trainer: StudentTrainer,
    private readonly teacher: FrozenTeacher,
    readonly queue: KeyQueue,
    private readonly teacherTemperature: number,
  ) {}

  step(views: Views, settings: StepSettings): tf.Tensor1D {
    const { trainer, teacher, queue } = this;
    return tf.tidy(() => {
      const input = trainer.prepare(views.first);
      const target = teacher.embed(views.first, views.targets);
      const temperatures = { student: settings.temperature, teacher: this.teacherTemperature };
      const scalars = trainer.update(settings.learningRate, () => {
        const rows = normalizeRows(trainer.run(input).embedding);
        const distillation = seedLoss(rows, target, queue.keys(), temperatures);
        return { loss: distillation, distillation, cosine: tf.mean(rowDots(rows, target)) };
      });
      queue.enqueue(target);
      return scalars;
    });
  }

  dispose(): void {
    this.trainer.dispose();
    this.queue.dispose();
  }
}
