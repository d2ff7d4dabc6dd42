import { invariant } from "../lib/invariant.ts";

/**
 * Scales a square picture by a triangle filter as wide as the reduction, so that nothing aliases: what Pillow
 * calls BILINEAR and torchvision an antialiased Resize. Enlarging is plain bilinear.
 *
 * Rows are taken in as they come, so that a picture of any size needs little memory. Cost: about 2 · side² taps.
 */
export class SquareResizer {
  readonly #side: number;
  readonly #size: number;
  readonly #taps: readonly Taps[];
  /** [size, size, 3] */
  readonly #sums: Float32Array;
  /** One source row, filtered along x: [size, 3]. */
  readonly #row: Float32Array;
  #nextRow = 0;
  /** First output row that may still need source rows. */
  #open = 0;

  /**
   * @param side of the source in pixels.
   * @param size of the result in pixels.
   */
  constructor(side: number, size: number) {
    this.#side = side;
    this.#size = size;
    this.#taps = triangleTaps(side, size);
    this.#sums = new Float32Array(size * size * 3);
    this.#row = new Float32Array(size * 3);
  }

  /** @param rgba [rows, side, 4], the source's next rows; alpha is not looked at. */
  addRows(rgba: Uint8ClampedArray, rows: number): void {
    invariant(rgba.length === rows * this.#side * 4, "whole rows of the source's width");
    for (let y = 0; y < rows; y++) {
      this.#filterRow(rgba, y * this.#side * 4);
      this.#spreadRow(this.#nextRow++);
    }
  }

  /** [size, size, 3] RGB bytes, once every row was added. */
  finish(): Uint8Array<ArrayBuffer> {
    invariant(this.#nextRow === this.#side, `${this.#nextRow} of ${this.#side} rows were added`);
    const pixels = new Uint8Array(this.#sums.length);
    for (let i = 0; i < pixels.length; i++) {
      pixels[i] = Math.min(255, Math.max(0, Math.round(this.#sums[i] as number)));
    }
    return pixels;
  }

  #filterRow(rgba: Uint8ClampedArray, rowStart: number): void {
    for (let x = 0; x < this.#size; x++) {
      const { first, weights } = this.#taps[x] as Taps;
      let red = 0;
      let green = 0;
      let blue = 0;
      let from = rowStart + first * 4;
      for (let tap = 0; tap < weights.length; tap++) {
        const weight = weights[tap] as number;
        red += weight * (rgba[from] as number);
        green += weight * (rgba[from + 1] as number);
        blue += weight * (rgba[from + 2] as number);
        from += 4;
      }
      this.#row[x * 3] = red;
      this.#row[x * 3 + 1] = green;
      this.#row[x * 3 + 2] = blue;
    }
  }

  #spreadRow(sourceRow: number): void {
    const length = this.#row.length;
    for (let y = this.#open; y < this.#size; y++) {
      const { first, weights } = this.#taps[y] as Taps;
      if (first > sourceRow) break;
      const weight = weights[sourceRow - first];
      if (weight === undefined) {
        this.#open = y + 1;
        continue;
      }
      const at = y * length;
      for (let i = 0; i < length; i++) {
        this.#sums[at + i] = (this.#sums[at + i] as number) + weight * (this.#row[i] as number);
      }
    }
  }
}

/** Which source pixels make one output pixel. */
interface Taps {
  readonly first: number;
  /** They add up to 1. */
  readonly weights: Float32Array;
}

function triangleTaps(side: number, size: number): Taps[] {
  const ratio = side / size;
  const reach = Math.max(1, ratio);
  return Array.from({ length: size }, (_, i) => {
    const centre = (i + 0.5) * ratio;
    const first = Math.max(0, Math.floor(centre - reach + 0.5));
    const end = Math.min(side, Math.floor(centre + reach + 0.5));
    const raw = Array.from({ length: end - first }, (__, tap) =>
      Math.max(0, 1 - Math.abs(first + tap + 0.5 - centre) / reach),
    );
    const total = raw.reduce((sum, weight) => sum + weight, 0);
    return { first, weights: Float32Array.from(raw, (weight) => weight / total) };
  });
}
