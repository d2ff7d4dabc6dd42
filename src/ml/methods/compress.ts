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
  readonly studentViews = 1;
  readonly memories: { readonly student: KeyQueue; readonly teacher: KeyQueue };

  /** Takes over `trainer` and both memories, which receive the same images row by row. */
  constructor(
    readonly trainer: StudentTrainer,
    private readonly teacher: FrozenTeacher,
    studentMemory: KeyQueue,
    teacherMemory: KeyQueue,
  ) {
    this.memories = { student: studentMemory, teacher: teacherMemory };
  }

  step(views: Views, settings: StepSettings): tf.Tensor1D {
    const { trainer, teacher, memories } = this;
    return tf.tidy(() => {
      const input = trainer.prepare(views.first);
      const target = normalizeRows(teacher.run(views.first, views.targets).features);
      let embedded = target;
      const scalars = trainer.update(settings.learningRate, () => {
        const rows = normalizeRows(trainer.run(input).features);
        embedded = tf.keep(rows);
        const keys = [memories.student.keys(), memories.teacher.keys()] as const;
        const distillation = compress(rows, target, ...keys, settings.temperature);
        return { loss: distillation, distillation };
      });
      memories.student.enqueue(embedded);
      memories.teacher.enqueue(target);
      embedded.dispose(); // kept across the gradient's scope
      return scalars;
    });
  }

  dispose(): void {
    this.trainer.dispose();
    this.memories.student.dispose();
    this.memories.teacher.dispose();
  }
}
