import type { ImageStore } from "./imageStore.ts";

/**
 * Small pictures of some images, for the page: each output pixel is the mean of the area it covers.
 *
 * @param side of each picture in pixels; may be larger than the store's size.
 * @returns RGBA, side · side · 4 bytes an image, one after another.
 */
export function drawThumbnails(
  store: ImageStore,
  indices: ArrayLike<number>,
  side: number,
): Uint8ClampedArray<ArrayBuffer> {
  const rgba = new Uint8ClampedArray(indices.length * side * side * 4);
  const spans = coveredSpans(store.size, side);
  for (let i = 0; i < indices.length; i++) {
    const pixels = store.pixelsOf(indices[i] as number);
    let at = i * side * side * 4;
    for (const row of spans) {
      for (const column of spans) {
        let red = 0;
        let green = 0;
        let blue = 0;
        for (let y = 0; y < row.weights.length; y++) {
          for (let x = 0; x < column.weights.length; x++) {
            const weight = (row.weights[y] as number) * (column.weights[x] as number);
            const from = ((row.first + y) * store.size + column.first + x) * 3;
            red += weight * (pixels[from] as number);
            green += weight * (pixels[from + 1] as number);
            blue += weight * (pixels[from + 2] as number);
          }
        }
        rgba[at] = red;
        rgba[at + 1] = green;
        rgba[at + 2] = blue;
        rgba[at + 3] = 255;
        at += 4;
      }
    }
  }
  return rgba;
}

interface Span {
  readonly first: number;
  /** They add up to 1. */
  readonly weights: readonly number[];
}

/** Which of `from` pixels each of `to` pixels covers, and how much of it each makes up. */
function coveredSpans(from: number, to: number): Span[] {
  const ratio = from / to;
  return Array.from({ length: to }, (_, i) => {
    const start = i * ratio;
    const end = start + ratio;
    const first = Math.floor(start);
    const last = Math.min(from, Math.ceil(end - 1e-9));
    const weights: number[] = [];
    for (let pixel = first; pixel < last; pixel++) {
      weights.push((Math.min(end, pixel + 1) - Math.max(start, pixel)) / ratio);
    }
    return { first, weights };
  });
}
