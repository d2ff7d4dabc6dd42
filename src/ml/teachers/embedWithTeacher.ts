import * as tf from "../tfjs/tf.ts";
import type { Embedded, Teacher } from "./teacher.ts";

/**
 * A teacher's embeddings of images with its stored statistics, whether it embeds now or later. Not for use inside
 * `tf.tidy`; the caller disposes of the result.
 *
 * @param images [N, V, V, 3] in [0, 1]. @param inputSize 0: the teacher's own.
 */
export async function embedWithTeacher(
  teacher: Teacher,
  images: tf.Tensor4D,
  inputSize: number,
): Promise<Embedded> {
  if (teacher.embeds === "later") return teacher.embed(images, "eval", inputSize);
  const embedded: { embedding: tf.Tensor2D; features: tf.Tensor2D } = tf.tidy(() => {
    const { embedding, features } = teacher.embed(images, "eval", inputSize) as Embedded;
    return { embedding, features };
  });
  return embedded;
}

/**
 * Rows made of a teacher's outputs for images, for `embedInSlices`.
 *
 * @param pick what is wanted of them: [N, D]; called inside `tf.tidy`.
 */
export function rowsOfTeacher(
  teacher: Teacher,
  inputSize: number,
  pick: (embedded: Embedded) => tf.Tensor2D,
): (images: tf.Tensor4D) => Promise<tf.Tensor2D> {
  return async (images) => {
    const embedded = await embedWithTeacher(teacher, images, inputSize);
    const rows = tf.tidy(() => pick(embedded));
    for (const tensor of [embedded.embedding, embedded.features]) if (tensor !== rows) tensor.dispose();
    return rows;
  };
}
