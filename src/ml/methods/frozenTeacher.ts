import { invariant } from "../../lib/invariant.ts";
import type { Embedded, Teacher, TeacherBatchNorm } from "../teachers/teacher.ts";
import { normalizeRows, type UnitRows } from "../tensors/unitRows.ts";
import * as tf from "../tfjs/tf.ts";
import type { PrecomputedTargets } from "./method.ts";

/** A teacher as a run uses it: with its BatchNorm mode and input size fixed. Stays its loader's to dispose of. */
export class FrozenTeacher {
  constructor(
    readonly teacher: Teacher,
    readonly options: { readonly batchNorm: TeacherBatchNorm; readonly inputSize: number },
  ) {}

  /**
   * Its embeddings of images, now. Call inside `tf.tidy`.
   *
   * @param images [N, V, V, 3] in [0, 1].
   * @param targets those computed before; of images among them they hold.
   */
  run(images: tf.Tensor4D, targets?: PrecomputedTargets): Embedded {
    const known = targets?.get(images);
    if (known !== undefined) return known;
    invariant(this.teacher.embeds === "now", "a teacher that embeds later does so before the step");
    return this.teacher.embed(images, this.options.batchNorm, this.options.inputSize) as Embedded;
  }

  /** Unit embeddings. */
  embed(images: tf.Tensor4D, targets?: PrecomputedTargets): UnitRows {
    return tf.tidy<UnitRows>(() => normalizeRows(this.run(images, targets).embedding));
  }
}
