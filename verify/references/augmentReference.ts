import { jitterOperations, type View } from "../../src/ml/augment/viewParameters.ts";

/** An RGB image in [0, 1] as functions would have it: image[y][x] = [r, g, b]. */
export type Image = readonly (readonly (readonly [number, number, number])[])[];

/**
 * One view, slowly: each step written straight from its definition, in double precision. What `renderViews` (and
 * any kernel that replaces it) is compared with.
 */
export function renderViewSlowly(image: Image, view: View, viewSize: number): Image {
  const crop = image
    .slice(view.cropTop, view.cropTop + view.cropHeight)
    .map((row) => row.slice(view.cropLeft, view.cropLeft + view.cropWidth));
  let result = resizeSlowly(crop, viewSize);
  for (const operation of [view.jitter0, view.jitter1, view.jitter2, view.jitter3]) {
    const name = jitterOperations[operation];
    if (name !== undefined) result = colourOperations[name](result, view[name]);
  }
  if (view.grayscale === 1) result = mapPixels(result, (pixel) => [grey(pixel), grey(pixel), grey(pixel)]);
  if (view.blurSigma > 0) result = blurSlowly(result, view.blurSigma, view.blurRadius);
  if (view.flip === 1) result = result.map((row) => [...row].reverse());
  return result;
}

type Pixel = readonly [number, number, number];

function mapPixels(image: Image, change: (pixel: Pixel) => Pixel): Image {
  return image.map((row) => row.map(change));
}

function grey([red, green, blue]: Pixel): number {
  return 0.2989 * red + 0.587 * green + 0.114 * blue;
}

function clampPixel([red, green, blue]: Pixel): Pixel {
  const clamp = (value: number): number => Math.min(1, Math.max(0, value));
  return [clamp(red), clamp(green), clamp(blue)];
}

/** factor · a + (1 − factor) · b, clamped. */
function blend(a: Pixel, b: Pixel, factor: number): Pixel {
  const mix = (channel: 0 | 1 | 2): number => factor * a[channel] + (1 - factor) * b[channel];
  return clampPixel([mix(0), mix(1), mix(2)]);
}

const colourOperations: Record<(typeof jitterOperations)[number], (image: Image, amount: number) => Image> = {
  brightness: (image, factor) => mapPixels(image, (pixel) => blend(pixel, [0, 0, 0], factor)),
  contrast: (image, factor) => {
    const greys = image.flat().map(grey);
    const mean = greys.reduce((sum, value) => sum + value, 0) / greys.length;
    return mapPixels(image, (pixel) => blend(pixel, [mean, mean, mean], factor));
  },
  saturation: (image, factor) =>
    mapPixels(image, (pixel) => blend(pixel, [grey(pixel), grey(pixel), grey(pixel)], factor)),
  hue: (image, turns) =>
    mapPixels(image, (pixel) => {
      const [hue, saturation, value] = toHsv(pixel);
      return fromHsv((((hue + turns) % 1) + 1) % 1, saturation, value);
    }),
};

/** Hue in turns, saturation and value in [0, 1]. */
function toHsv([red, green, blue]: Pixel): Pixel {
  const value = Math.max(red, green, blue);
  const range = value - Math.min(red, green, blue);
  if (range === 0) return [0, 0, value];
  const sixths =
    value === red
      ? (green - blue) / range
      : value === green
        ? 2 + (blue - red) / range
        : 4 + (red - green) / range;
  return [((sixths / 6) % 1) + (sixths < 0 ? 1 : 0), range / value, value];
}

/** Each channel is v − v·s·max(0, min(k, 4 − k, 1)) with k = (n + 6h) mod 6, n = 5, 3, 1. */
function fromHsv(hue: number, saturation: number, value: number): Pixel {
  const channel = (n: number): number => {
    const k = (n + 6 * hue) % 6;
    return value - value * saturation * Math.max(0, Math.min(k, 4 - k, 1));
  };
  return [channel(5), channel(3), channel(1)];
}

/** Every output pixel as a weighted mean over all input pixels. */
function resizeSlowly(image: Image, size: number): Image {
  const height = image.length;
  const width = image[0]!.length;
  const triangle = (out: number, inside: number, length: number): number => {
    const scale = length / size;
    const distance = Math.abs(inside + 0.5 - scale * (out + 0.5));
    return Math.max(0, 1 - distance / Math.max(1, scale));
  };
  const every = Array.from({ length: size }, (_, i) => i);
  return every.map((y) =>
    every.map((x) =>
      weightedMean(image, (row, column) => triangle(y, row, height) * triangle(x, column, width)),
    ),
  );
}

function weightedMean(image: Image, weight: (row: number, column: number) => number): Pixel {
  let total = 0;
  const sum: [number, number, number] = [0, 0, 0];
  image.forEach((line, row) =>
    line.forEach((pixel, column) => {
      const w = weight(row, column);
      total += w;
      for (const channel of [0, 1, 2] as const) sum[channel] += w * pixel[channel];
    }),
  );
  return [sum[0] / total, sum[1] / total, sum[2] / total];
}

/** A two-dimensional sum over the kernel, mirrored at the border without repeating the edge pixel. */
function blurSlowly(image: Image, sigma: number, radius: number): Image {
  const mirror = (index: number, length: number): number => {
    let at = index;
    while (at < 0 || at >= length) at = at < 0 ? -at : 2 * (length - 1) - at;
    return at;
  };
  const offsets = Array.from({ length: 2 * radius + 1 }, (_, i) => i - radius);
  return image.map((line, y) =>
    line.map((_, x) => {
      let total = 0;
      const sum: [number, number, number] = [0, 0, 0];
      for (const dy of offsets)
        for (const dx of offsets) {
          const weight = Math.exp(-(dy ** 2 + dx ** 2) / (2 * sigma ** 2));
          const pixel = image[mirror(y + dy, image.length)]![mirror(x + dx, line.length)]!;
          total += weight;
          for (const channel of [0, 1, 2] as const) sum[channel] += weight * pixel[channel];
        }
      return [sum[0] / total, sum[1] / total, sum[2] / total] as const;
    }),
  );
}
