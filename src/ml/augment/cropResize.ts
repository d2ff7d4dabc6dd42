import type { Box } from "./randomCrop.ts";

/** For each of `count` outputs along one axis, which inputs it is a weighted mean of. */
interface Taps {
  /** First input of each output. */
  readonly first: Int32Array;
  /** How many inputs each output has. */
  readonly size: Int32Array;
  /** [count, stride]; each output's weights sum to 1. */
  readonly weights: Float64Array;
  readonly stride: number;
}

/**
 * Weights that resize `length` pixels to `count`, as PyTorch's bilinear interpolation with half-pixel centres does.
 *
 * With antialias and when shrinking, a triangle as wide as two output pixels; otherwise the two nearest pixels. Taps
 * beyond the border are cut and the rest renormalised.
 */
function resizeTaps(length: number, count: number, antialias: boolean): Taps {
  const scale = length / count; // input pixels per output pixel
  const reach = antialias ? Math.max(1, scale) : 1;
  const stride = 2 * Math.ceil(reach) + 1;
  const first = new Int32Array(count);
  const size = new Int32Array(count);
  const weights = new Float64Array(count * stride);
  for (let i = 0; i < count; i++) {
    const centre = scale * (i + 0.5); // in input pixels, whose centres are at j + ½
    const begin = Math.max(0, Math.floor(centre - reach + 0.5));
    const end = Math.min(length, Math.floor(centre + reach + 0.5));
    let total = 0;
    for (let j = begin; j < end; j++) {
      const weight = Math.max(0, 1 - Math.abs(j + 0.5 - centre) / reach);
      weights[i * stride + j - begin] = weight;
      total += weight;
    }
    for (let j = 0; j < end - begin; j++) weights[i * stride + j]! /= total;
    first[i] = begin;
    size[i] = end - begin;
  }
  return { first, size, weights, stride };
}

export interface CropResize {
  /** [sourceHeight, sourceWidth, 3] from `sourceOffset` on. */
  readonly source: Uint8Array | Float32Array;
  readonly sourceOffset: number;
  readonly sourceWidth: number;
  /** Multiplies every value: 1/255 for bytes. */
  readonly scale: number;
  readonly box: Box;
  /** Mirrors left and right. */
  readonly flip: boolean;
  readonly antialias: boolean;
  readonly height: number;
  readonly width: number;
  /** [height, width, 3] from `outOffset` on. */
  readonly out: Float32Array;
  readonly outOffset: number;
  /** At least box.height · width · 3 values; what is in them is lost. */
  readonly scratch: Float32Array;
}

/**
 * Cuts a box out of an RGB image and resizes it, torchvision's `resized_crop` (bilinear): no pixel outside the box
 * contributes.
 */
export function cropResize(job: CropResize): void {
  const { source, sourceOffset, sourceWidth, scale, box, height, width, out, outOffset, scratch } = job;
  const across = resizeTaps(box.width, width, job.antialias);
  const down = resizeTaps(box.height, height, job.antialias);
  const rowLength = width * 3;

  for (let y = 0; y < box.height; y++) {
    const row = sourceOffset + ((box.top + y) * sourceWidth + box.left) * 3;
    for (let x = 0; x < width; x++) {
      const taps = across.size[x]!;
      let at = row + across.first[x]! * 3;
      let weightAt = x * across.stride;
      let red = 0;
      let green = 0;
      let blue = 0;
      for (let k = 0; k < taps; k++) {
        const weight = across.weights[weightAt++]!;
        red += weight * source[at++]!;
        green += weight * source[at++]!;
        blue += weight * source[at++]!;
      }
      const to = y * rowLength + (job.flip ? width - 1 - x : x) * 3;
      scratch[to] = red;
      scratch[to + 1] = green;
      scratch[to + 2] = blue;
    }
  }
  for (let y = 0; y < height; y++) {
    const taps = down.size[y]!;
    const from = down.first[y]! * rowLength;
    const to = outOffset + y * rowLength;
    for (let i = 0; i < rowLength; i++) {
      let sum = 0;
      for (let k = 0; k < taps; k++)
        sum += down.weights[y * down.stride + k]! * scratch[from + k * rowLength + i]!;
      out[to + i] = sum * scale;
    }
  }
}
