/** What a network offered as teacher may take, as far as its file tells before it is run. */

/** Numbers in all values together whose size the file sets: 512 MiB of float32. A picture's maps are not counted. */
export const mostElements = 2 ** 27;
/** How much larger than the images an inner map may be: 8 times a side. */
export const mostGrowth = 64;
/** Of the images, fewer than any that are pooled whole. */
export const pooledPixels = 1024;
/** Channels times images that are padded with every pixel of a margin, at least. */
export const paddedPlanes = 16;

/** A constant with more numbers than this is no shape. */
export const mostSizes = 64;

/** Lengths below one count as one: a side that is empty makes the others cheap in one runtime, and not in another. */
export function product(sizes: readonly number[]): number {
  return sizes.reduce((made, size) => made * Math.max(1, Math.abs(size)), 1);
}

/** How many numbers Range makes; 1 where its constants are not known. */
export function rangeLength(
  [start]: readonly number[],
  [end]: readonly number[],
  [step]: readonly number[],
): number {
  return start === undefined || end === undefined || step === undefined ? 1 : Math.abs((end - start) / step);
}

/** At least how many numbers a margin of so many pixels adds; 1 where there is none. */
export function paddedElements(margin: number): number {
  return margin === 1 ? 1 : margin * paddedPlanes;
}

export function largestOf(numbers: readonly number[]): number {
  return numbers.reduce((most, number) => Math.max(most, number), 0);
}
