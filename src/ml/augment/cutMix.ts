import type { Prng } from "../../lib/prng.ts";
import * as tf from "../tfjs/tf.ts";

/** A rectangle of a square view in pixels; row `bottom` and column `right` are the first outside it. */
export interface CutBox {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

/** A number from Beta(2, 2), which is how the median of three uniforms is distributed. */
export function drawBeta22(prng: Prng): number {
  return [prng.uniform(), prng.uniform(), prng.uniform()].sort((a, b) => a - b)[1]!;
}

/**
 * Draws the rectangle that CutMix (Yun et al., arXiv 1905.04899) replaces, as BINGO's authors draw it: a square of
 * (1 − λ) of the view with λ ~ Beta(2, 2), centred on any pixel, less what lies outside the view. Its side and half
 * side are rounded down to whole pixels.
 */
export function drawCutBox(prng: Prng, viewSize: number): CutBox {
  const half = Math.floor(Math.floor(viewSize * Math.sqrt(1 - drawBeta22(prng))) / 2);
  const [x, y] = [prng.integer(viewSize), prng.integer(viewSize)];
  return {
    top: Math.max(0, y - half),
    left: Math.max(0, x - half),
    bottom: Math.min(viewSize, y + half),
    right: Math.min(viewSize, x + half),
  };
}

/** The share of a view's pixels that stay its own when the rectangle is replaced, in [0, 1]. */
export function keptShare({ top, left, bottom, right }: CutBox, viewSize: number): number {
  return 1 - ((bottom - top) * (right - left)) / viewSize ** 2;
}

/**
 * Replaces a rectangle of every view by the same rectangle of the view beside it.
 *
 * @param views [N, V, V, 3]
 * @param others [N, V, V, 3]
 */
export function cutMix(views: tf.Tensor4D, others: tf.Tensor4D, box: CutBox): tf.Tensor4D {
  const [, height, width] = views.shape;
  const inside = new Float32Array(height * width);
  for (let y = box.top; y < box.bottom; y++) inside.fill(1, y * width + box.left, y * width + box.right);
  return tf.tidy(() => {
    const mask = tf.tensor4d(inside, [1, height, width, 1]);
    return tf.add(tf.mul(views, tf.sub(1, mask)), tf.mul(others, mask)); // exact: a mask of 0 and 1
  });
}
