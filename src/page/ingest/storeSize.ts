/** Sides the store may have. */
export const storeSizes = [32, 48, 64, 96, 128, 160, 192, 224, 256] as const;

/** What the images may take in the engine: 1 GiB. */
export const storeBytesLimit = 1024 ** 3;

/**
 * The side at which images are stored.
 *
 * Half as large again as the views the networks see, so that a random crop still has its detail, but not larger
 * than the images are (median short side), never smaller than the views, and so that all of them fit in memory.
 *
 * @param shortSides of some of the images, in pixels; may be empty.
 * @param count of all images.
 */
export function chooseStoreSize(viewSize: number, shortSides: readonly number[], count: number): number {
  const wanted = Math.max(viewSize, Math.min(1.5 * viewSize, median(shortSides) ?? viewSize));
  const enough = storeSizes.find((size) => size >= wanted) ?? storeSizes[storeSizes.length - 1];
  const fitting = storeSizes.filter((size) => count <= imagesThatFit(size));
  return Math.min(enough ?? storeSizes[0], fitting[fitting.length - 1] ?? storeSizes[0]);
}

export function imagesThatFit(size: number): number {
  return Math.floor(storeBytesLimit / (size * size * 3));
}

function median(values: readonly number[]): number | undefined {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}
