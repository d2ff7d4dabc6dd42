import { invariant } from "../../../src/lib/invariant.ts";
import type { View, ViewParameters } from "../../../src/ml/augment/viewParameters.ts";
import * as tf from "../../../src/ml/tfjs/tf.ts";
import type { AugmentContestant } from "./augmentContestant.ts";
import { viewsOf } from "./augmentJob.ts";

/**
 * drawImage crops, resizes and flips, `filter` does the rest, getImageData reads back. The filters are other formulas
 * than torchvision's: contrast about ½ instead of the mean, hue by a matrix, a blur that fades out at the border.
 */
export const canvas: AugmentContestant = {
  prepare: async ({ job, images, first, second }) => {
    const { storedSide, viewSide } = job;
    const bitmaps = await Promise.all(
      Array.from({ length: job.images }, (_, i) => toBitmap(images.pixelsOf(i), storedSide)),
    );
    // Asked for so that the canvas stays in memory: reading it back from a GPU view by view takes longer.
    const context = new OffscreenCanvas(viewSide, viewSide).getContext("2d", { willReadFrequently: true });
    invariant(context !== null, "a worker can draw");
    const render = (parameters: ViewParameters): tf.Tensor4D => {
      const values = new Float32Array(job.images * viewSide * viewSide * 3);
      viewsOf(parameters).forEach((view, i) => {
        draw(context, bitmaps[i] as ImageBitmap, view, viewSide);
        const { data } = context.getImageData(0, 0, viewSide, viewSide);
        let to = i * viewSide * viewSide * 3;
        for (let at = 0; at < data.length; at += 4) {
          values[to++] = (data[at] as number) / 255;
          values[to++] = (data[at + 1] as number) / 255;
          values[to++] = (data[at + 2] as number) / 255;
        }
      });
      return tf.tensor4d(values, [job.images, viewSide, viewSide, 3]);
    };
    return () => ({ first: render(first), second: render(second) });
  },
};

function draw(
  context: OffscreenCanvasRenderingContext2D,
  bitmap: ImageBitmap,
  view: View,
  side: number,
): void {
  context.clearRect(0, 0, side, side);
  context.filter = filterOf(view);
  if (view.flip === 1) context.setTransform(-1, 0, 0, 1, side, 0);
  context.drawImage(bitmap, view.cropLeft, view.cropTop, view.cropWidth, view.cropHeight, 0, 0, side, side);
  context.resetTransform();
}

function filterOf(view: View): string {
  const filters: string[] = [];
  if (view.jitter0 >= 0) {
    const { brightness, contrast, saturation, hue } = view;
    filters.push(`brightness(${brightness}) contrast(${contrast}) saturate(${saturation})`);
    filters.push(`hue-rotate(${hue}turn)`);
  }
  if (view.grayscale === 1) filters.push("grayscale(1)");
  if (view.blurSigma > 0) filters.push(`blur(${view.blurSigma}px)`);
  return filters.join(" ") || "none";
}

function toBitmap(rgb: Uint8Array, side: number): Promise<ImageBitmap> {
  const rgba = new Uint8ClampedArray(side * side * 4).fill(255);
  for (let at = 0, to = 0; at < rgb.length; at += 3, to += 4) rgba.set(rgb.subarray(at, at + 3), to);
  return createImageBitmap(new ImageData(rgba, side, side));
}
