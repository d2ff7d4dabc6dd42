import type { Prng } from "../../lib/prng.ts";

/** A rectangle in source pixels. */
export interface Box {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

type Range = readonly [low: number, high: number];

/**
 * torchvision's RandomResizedCrop: up to ten tries of a random share of the area and a random width-to-height ratio,
 * uniform in its logarithm; then a centred box.
 *
 * @param ranges scale: share of the area; ratio: width to height.
 */
export function drawCrop(
  prng: Prng,
  height: number,
  width: number,
  { scale, ratio }: { readonly scale: Range; readonly ratio: Range },
): Box {
  for (let attempt = 0; attempt < 10; attempt++) {
    const areaFraction = prng.between(...scale);
    const logRatio = prng.between(Math.log(ratio[0]), Math.log(ratio[1]));
    const size = cropSize(height, width, areaFraction, logRatio);
    if (fits(size, height, width))
      return {
        top: prng.integer(height - size.height + 1),
        left: prng.integer(width - size.width + 1),
        ...size,
      };
  }
  return centredCrop(height, width, ratio);
}

/** Height and width of a crop with this share of the area and this ratio; it may not fit. */
export function cropSize(
  height: number,
  width: number,
  areaFraction: number,
  logRatio: number,
): { readonly height: number; readonly width: number } {
  const area = height * width * areaFraction;
  const ratio = Math.exp(logRatio);
  return { height: roundHalfEven(Math.sqrt(area / ratio)), width: roundHalfEven(Math.sqrt(area * ratio)) };
}

export function fits(
  size: { readonly height: number; readonly width: number },
  height: number,
  width: number,
): boolean {
  return size.width > 0 && size.width <= width && size.height > 0 && size.height <= height;
}

/** What is taken when ten draws did not fit: the largest centred box whose ratio is allowed. */
export function centredCrop(height: number, width: number, ratio: Range): Box {
  let [boxHeight, boxWidth] = [height, width];
  if (width / height < ratio[0]) boxHeight = roundHalfEven(width / ratio[0]);
  else if (width / height > ratio[1]) boxWidth = roundHalfEven(height * ratio[1]);
  return {
    top: Math.floor((height - boxHeight) / 2),
    left: Math.floor((width - boxWidth) / 2),
    height: boxHeight,
    width: boxWidth,
  };
}

/** Python's `round`: halves go to the even neighbour. */
function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}
