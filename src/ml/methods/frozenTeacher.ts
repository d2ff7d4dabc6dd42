import type { Embedded, Teacher, TeacherBatchNorm } from "../teachers/teacher.ts";
import { normalizeRows, type UnitRows } from "../tensors/unitRows.ts";
import * as tf from "../tf.ts";

/** A teacher as a run uses it: with its BatchNorm mode and input size fixed. Stays its loader's to dispose of. */
export class FrozenTeacher {
  constructor(
    readonly teacher: Teacher,
    readonly options: { readonly batchNorm: TeacherBatchNorm; readonly inputSize: number },
  ) {}

  /** @param images [N, V, V, 3] in [0, 1]. */
  run(images: tf.Tensor4D): Embedded {
    return this.teacher.embed(images, this.options.batchNorm, this.options.inputSize);
  }

  /** Unit embeddings. */
  embed(images: tf.Tensor4D): UnitRows {
    return tf.tidy<UnitRows>(() => normalizeRows(this.run(images).embedding));
  }
}
