/** Weights exp(−½ (t/σ)²) for t = −radius … radius, summing to 1. */
function gaussianKernel(sigma: number, radius: number): Float64Array {
  const kernel = Float64Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(-0.5 * ((i - radius) / sigma) ** 2),
  );
  const total = kernel.reduce((sum, weight) => sum + weight, 0);
  return kernel.map((weight) => weight / total);
}

/** Where index i − radius … of a line of n pixels lies when the line is mirrored at its end pixels. */
function reflectedIndices(n: number, radius: number): Int32Array {
  const period = Math.max(1, 2 * (n - 1));
  return Int32Array.from({ length: n + 2 * radius }, (_, i) => {
    const folded = (((i - radius) % period) + period) % period;
    return n === 1 ? 0 : Math.min(folded, period - folded);
  });
}

export interface GaussianBlur {
  /** [height, width, 3] from `offset` on; blurred in place. */
  readonly pixels: Float32Array;
  readonly offset: number;
  readonly height: number;
  readonly width: number;
  /** Standard deviation, pixels. */
  readonly sigma: number;
  /** The kernel reaches this far, pixels. */
  readonly radius: number;
  /** At least height · width · 3 values; what is in them is lost. */
  readonly scratch: Float32Array;
}

/**
 * Separable Gaussian blur of an RGB image as torchvision's tensor version does it: mirrored at the border without
 * repeating the edge pixel. (torchvision refuses a kernel that reaches past the mirrored image; here it mirrors on.)
 */
export function gaussianBlur({ pixels, offset, height, width, sigma, radius, scratch }: GaussianBlur): void {
  const kernel = gaussianKernel(sigma, radius);
  const taps = kernel.length;
  const columns = reflectedIndices(width, radius);
  const rows = reflectedIndices(height, radius);
  const rowLength = width * 3;
  for (let y = 0; y < height; y++) {
    const row = offset + y * rowLength;
    for (let x = 0; x < width; x++) {
      let red = 0;
      let green = 0;
      let blue = 0;
      for (let k = 0; k < taps; k++) {
        const weight = kernel[k]!;
        const at = row + columns[x + k]! * 3;
        red += weight * pixels[at]!;
        green += weight * pixels[at + 1]!;
        blue += weight * pixels[at + 2]!;
      }
      const to = y * rowLength + x * 3;
      scratch[to] = red;
      scratch[to + 1] = green;
      scratch[to + 2] = blue;
    }
  }
  for (let y = 0; y < height; y++) {
    const to = offset + y * rowLength;
    for (let i = 0; i < rowLength; i++) {
      let sum = 0;
      for (let k = 0; k < taps; k++) sum += kernel[k]! * scratch[rows[y + k]! * rowLength + i]!;
      pixels[to + i] = sum;
    }
  }
}
