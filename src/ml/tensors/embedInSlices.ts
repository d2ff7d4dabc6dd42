import { Pace, type Sliced } from "../../lib/slices.ts";
import * as tf from "../tfjs/tf.ts";

export interface Embedding {
  /** For a person: "Measuring the student". */
  readonly task: string;
  readonly indices: Int32Array;
  /** Some of the indices → [N, V, V, 3] in [0, 1]. */
  readonly render: (indices: Int32Array) => tf.Tensor4D;
  /** Those → [N, D], at once or later, leaving no other tensor behind. */
  readonly embed: (views: tf.Tensor4D) => tf.Tensor2D | Promise<tf.Tensor2D>;
}

/** Runs images through `embed` in slices. @returns [indices.length, D]; the caller disposes of it. */
export async function* embedInSlices({ task, indices, render, embed }: Embedding): Sliced<tf.Tensor2D> {
  const parts: tf.Tensor2D[] = [];
  const pace = new Pace();
  const total = indices.length;
  try {
    for (let first = 0; first < total;) {
      const count = pace.begin(total - first);
      const views = render(indices.subarray(first, first + count));
      parts.push(await embed(views));
      views.dispose();
      pace.end(count);
      first += count;
      yield { task, done: first, total };
    }
    return tf.concat(parts, 0);
  } finally {
    tf.dispose(parts);
  }
}
