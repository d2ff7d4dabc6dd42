/**
 * torchvision's colour operations on float RGB in [0, 1], interleaved, in place on pixels[start … end). Each clamps
 * its result to [0, 1], as torchvision's do.
 */

const [redWeight, greenWeight, blueWeight] = [0.2989, 0.587, 0.114] as const; // sum 0.9999, as in torchvision

function clamp01(value: number): number {
  return value < 0 ? 0 : value > 1 ? 1 : value;
}

/** x ← factor · x */
export function adjustBrightness(pixels: Float32Array, start: number, end: number, factor: number): void {
  for (let i = start; i < end; i++) pixels[i] = clamp01(factor * pixels[i]!);
}

/** x ← factor · x + (1 − factor) · m, m the mean grey of the whole image. */
export function adjustContrast(pixels: Float32Array, start: number, end: number, factor: number): void {
  let total = 0;
  for (let i = start; i < end; i += 3)
    total += redWeight * pixels[i]! + greenWeight * pixels[i + 1]! + blueWeight * pixels[i + 2]!;
  const towards = (1 - factor) * (total / ((end - start) / 3));
  for (let i = start; i < end; i++) pixels[i] = clamp01(factor * pixels[i]! + towards);
}

/** x ← factor · x + (1 − factor) · grey(x) */
export function adjustSaturation(pixels: Float32Array, start: number, end: number, factor: number): void {
  for (let i = start; i < end; i += 3) {
    const red = pixels[i]!;
    const green = pixels[i + 1]!;
    const blue = pixels[i + 2]!;
    const towards = (1 - factor) * (redWeight * red + greenWeight * green + blueWeight * blue);
    pixels[i] = clamp01(factor * red + towards);
    pixels[i + 1] = clamp01(factor * green + towards);
    pixels[i + 2] = clamp01(factor * blue + towards);
  }
}

/** All three channels ← grey(x). */
export function toGrayscale(pixels: Float32Array, start: number, end: number): void {
  for (let i = start; i < end; i += 3) {
    const grey = redWeight * pixels[i]! + greenWeight * pixels[i + 1]! + blueWeight * pixels[i + 2]!;
    pixels[i] = grey;
    pixels[i + 1] = grey;
    pixels[i + 2] = grey;
  }
}

/**
 * Turns the hue by `turns`, keeping HSV saturation and value.
 *
 * The round trip through HSV keeps the largest and the smallest channel, so only the middle one is computed.
 */
export function adjustHue(pixels: Float32Array, start: number, end: number, turns: number): void {
  const shift = 6 * (turns - Math.floor(turns)); // in sixths of the circle, [0, 6)
  for (let i = start; i < end; i += 3) {
    const red = pixels[i]!;
    const green = pixels[i + 1]!;
    const blue = pixels[i + 2]!;
    const high = red > green ? (red > blue ? red : blue) : green > blue ? green : blue;
    const low = red < green ? (red < blue ? red : blue) : green < blue ? green : blue;
    const range = high - low;
    if (range === 0) continue; // grey has no hue
    let hue: number; // in sixths, red = 0
    if (high === red) hue = (green - blue) / range;
    else if (high === green) hue = 2 + (blue - red) / range;
    else hue = 4 + (red - green) / range;
    hue += shift;
    if (hue < 0) hue += 6;
    if (hue >= 6) hue -= 6; // also where adding 6 to a tiny negative rounds to 6
    const sector = hue | 0;
    const rising = low + range * (hue - sector);
    const falling = high - range * (hue - sector);
    switch (sector) {
      case 0:
        pixels[i] = high;
        pixels[i + 1] = rising;
        pixels[i + 2] = low;
        break;
      case 1:
        pixels[i] = falling;
        pixels[i + 1] = high;
        pixels[i + 2] = low;
        break;
      case 2:
        pixels[i] = low;
        pixels[i + 1] = high;
        pixels[i + 2] = rising;
        break;
      case 3:
        pixels[i] = low;
        pixels[i + 1] = falling;
        pixels[i + 2] = high;
        break;
      case 4:
        pixels[i] = rising;
        pixels[i + 1] = low;
        pixels[i + 2] = high;
        break;
      default: // 5
        pixels[i] = high;
        pixels[i + 1] = low;
        pixels[i + 2] = falling;
    }
  }
}
