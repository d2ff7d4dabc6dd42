import { compress } from "../losses/compress.ts";
import type { KeyQueue } from "../losses/queue.ts";
import { normalizeRows } from "../tensors/unitRows.ts";
import * as tf from "../tfjs/tf.ts";
import type { FrozenTeacher } from "./frozenTeacher.ts";
import type { Method, StepSettings, Views } from "./method.ts";
import type { StudentTrainer } from "./studentTrainer.ts";

/**
 * CompRess (Koohpayegani et al., NeurIPS 2020), with a memory for each network ("2q"): the student ranks past images
 * by its backbone's features as the teacher does by its own. No heads, so widths may differ.
 */
export class Compress implements Method {
  /** Takes over `trainer` and both memories, which receive the same images row by row. */
  constructor(
    readonly trainer: StudentTrainer,
    private readonly teacher: FrozenTeacher,
    private readonly studentMemory: KeyQueue,
    private readonly teacherMemory: KeyQueue,
  ) {}

  step(views: Views, settings: StepSettings): tf.Tensor1D {
    const { trainer, teacher, studentMemory, teacherMemory } = this;
    return tf.tidy(() => {
      const input = trainer.prepare(views.first);
      const target = normalizeRows(teacher.run(views.first, views.targets).features);
      let embedded = target;
      const scalars = trainer.update(settings.learningRate, () => {
        const rows = normalizeRows(trainer.run(input).features);
        embedded = tf.keep(rows);
        const memories = [studentMemory.keys(), teacherMemory.keys()] as const;
        const distillation = compress(rows, target, ...memories, settings.temperature);
        return { loss: distillation, distillation };
      });
      studentMemory.enqueue(embedded);
      teacherMemory.enqueue(target);
      embedded.dispose(); // kept across the gradient's scope
      return scalars;
    });
  }

  dispose(): void {
    this.trainer.dispose();
    this.studentMemory.dispose();
    this.teacherMemory.dispose();
  }
}
