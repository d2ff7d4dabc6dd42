import * as tf from "../tfjs/tf.ts";
import type { Embedded, Teacher } from "./teacher.ts";

/**
 * What a teacher says of images with its stored statistics, whether it answers now or later. Not for use inside
 * `tf.tidy`; the caller disposes of the result.
 *
 * @param images [N, V, V, 3] in [0, 1]. @param inputSize 0: the teacher's own.
 */
export async function askTeacher(
  teacher: Teacher,
  images: tf.Tensor4D,
  inputSize: number,
): Promise<Embedded> {
  if (teacher.answers === "later") return teacher.embed(images, "eval", inputSize);
  const said: { embedding: tf.Tensor2D; features: tf.Tensor2D } = tf.tidy(() => {
    const { embedding, features } = teacher.embed(images, "eval", inputSize) as Embedded;
    return { embedding, features };
  });
  return said;
}

/**
 * Rows made of what a teacher says of images, for `embedImages`.
 *
 * @param pick what is wanted of it: [N, D]; called inside `tf.tidy`.
 */
export function rowsOfTeacher(
  teacher: Teacher,
  inputSize: number,
  pick: (said: Embedded) => tf.Tensor2D,
): (images: tf.Tensor4D) => Promise<tf.Tensor2D> {
  return async (images) => {
    const said = await askTeacher(teacher, images, inputSize);
    const rows = tf.tidy(() => pick(said));
    for (const tensor of [said.embedding, said.features]) if (tensor !== rows) tensor.dispose();
    return rows;
  };
}
