import { yieldToMessages } from "../lib/yieldToMessages.ts";
import * as tf from "./tf.ts";

/** Images pushed through a network at once: large enough to be efficient, small enough to yield often. */
const imagesAtOnce = 64;

/**
 * Runs images through `embed` a batch at a time, letting the thread's messages through in between.
 *
 * @param render some of the indices → [N, V, V, 3] in [0, 1].
 * @param embed those → [N, D], at once or later, leaving no other tensor behind.
 * @param cancelled asked between batches; if true the rest is left out.
 * @returns [indices.length, D] (fewer rows if cancelled; at least one batch); the caller disposes of it.
 */
export async function embedImages(
  indices: Int32Array,
  render: (indices: Int32Array) => tf.Tensor4D,
  embed: (views: tf.Tensor4D) => tf.Tensor2D | Promise<tf.Tensor2D>,
  cancelled: () => boolean = () => false,
): Promise<tf.Tensor2D> {
  const parts: tf.Tensor2D[] = [];
  for (let first = 0; first < indices.length; first += imagesAtOnce) {
    const some = indices.subarray(first, first + imagesAtOnce);
    const views = render(some);
    parts.push(await embed(views));
    views.dispose();
    await yieldToMessages();
    if (cancelled()) break;
  }
  const all = tf.concat(parts, 0);
  tf.dispose(parts);
  return all;
}
