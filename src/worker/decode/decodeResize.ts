import { invariant } from "../../lib/invariant.ts";
import { SpareArrays } from "./spareArrays.ts";

/** Weights are whole numbers: multiplying and adding those is twice as fast here, and exact. */
const one = 1 << 22;

/** Which samples of a line make each sample of the result, and how much each counts. */
export interface Taps {
  /** [size], the first sample. */
  readonly first: Int32Array;
  /** [size], how many. */
  readonly count: Int32Array;
  /** [size, most], in 1/2²²; those of one result add up to 1, within rounding. */
  readonly weights: Int32Array;
  readonly most: number;
}

/** What is to be seen of a line of samples. All lengths in pixels of the picture. */
export interface Stretch {
  /** Its start, from the line's. */
  readonly from: number;
  readonly length: number;
  /** From one sample to the next: 1, or 2 where a channel has half the samples. They lie amid their stretches. */
  readonly spacing: number;
}

/** Pictures of one set are often equally large, and finding the taps takes longer than using them. */
const knownTaps = new Map<string, Taps>();
const mostKnown = 64;

/**
 * A triangle filter as wide as the reduction, so that nothing aliases: what Pillow calls BILINEAR and torchvision an
 * antialiased Resize. Enlarging is plain bilinear. Samples outside the stretch do not count.
 *
 * @param size of the result.
 */
export function triangleTaps(stretch: Stretch, size: number): Taps {
  const key = `${stretch.from} ${stretch.length} ${stretch.spacing} ${size}`;
  const known = knownTaps.get(key);
  if (known !== undefined) return known;
  if (knownTaps.size >= mostKnown) knownTaps.clear();
  const taps = findTaps(stretch, size);
  knownTaps.set(key, taps);
  return taps;
}

function findTaps({ from, length, spacing }: Stretch, size: number): Taps {
  const ratio = length / size;
  const reach = Math.max(spacing, ratio);
  const lowest = Math.floor(from / spacing);
  const end = Math.ceil((from + length) / spacing);
  const shares = Array.from({ length: size }, (_, i) => {
    const centre = from + (i + 0.5) * ratio;
    const first = Math.max(lowest, Math.floor((centre - reach) / spacing + 0.5));
    const past = Math.min(end, Math.floor((centre + reach) / spacing + 0.5));
    const raw = Array.from({ length: past - first }, (__, tap) =>
      Math.max(0, 1 - Math.abs((first + tap + 0.5) * spacing - centre) / reach),
    );
    const total = raw.reduce((sum, weight) => sum + weight, 0);
    return { first, weights: raw.map((weight) => Math.round((one * weight) / total)) };
  });
  const most = Math.max(...shares.map(({ weights }) => weights.length));
  const taps: Taps = {
    first: Int32Array.from(shares, ({ first }) => first),
    count: Int32Array.from(shares, ({ weights }) => weights.length),
    weights: new Int32Array(size * most),
    most,
  };
  shares.forEach(({ weights }, i) => taps.weights.set(weights, i * most));
  return taps;
}

/** Where rows of one channel's samples lie among others. */
export interface SampleRows {
  readonly samples: Uint8Array | Uint8ClampedArray;
  readonly start: number;
  /** From one sample to the next: 4 in RGBA. */
  readonly step: number;
  /** From one row to the next. */
  readonly stride: number;
  readonly rows: number;
}

const spareRows = new SpareArrays((length) => new Int32Array(length), { arrays: 4, bytes: 2 * 1024 * 1024 });

/**
 * Scales one channel of a picture to a square. Rows are taken in as they come, so that a picture need not be in memory
 * as a whole; `size` numbers are kept of each. Cost: about two multiplications a sample.
 */
export class ChannelResizer {
  readonly #across: Taps;
  readonly #down: Taps;
  readonly #size: number;
  /** [rows, size], the source's rows filtered along x, in 1/2²². */
  readonly #filtered: Int32Array<ArrayBuffer>;
  readonly #rows: number;
  #nextRow = 0;

  /** @param rows of the source. */
  constructor(across: Taps, down: Taps, rows: number) {
    this.#across = across;
    this.#down = down;
    this.#size = across.first.length;
    this.#rows = rows;
    this.#filtered = spareRows.take(rows * this.#size);
  }

  /** The source's next rows, from its first. */
  addRows({ samples, start, step, stride, rows }: SampleRows): void {
    invariant(this.#nextRow + rows <= this.#rows, `a source of ${this.#rows} rows`);
    let row = 0;
    for (; row + 4 <= rows; row += 4) this.#filterFourRows(samples, start + row * stride, step, stride);
    for (; row < rows; row++) this.#filterRow(samples, start + row * stride, step);
  }

  /** [size, size], in levels of 255 and parts of them, once every row was added. To be called once. */
  finish(): Float64Array {
    invariant(this.#nextRow === this.#rows, `${this.#nextRow} of ${this.#rows} rows were added`);
    const size = this.#size;
    const filtered = this.#filtered;
    const { first, count, weights, most } = this.#down;
    const values = new Float64Array(first.length * size);
    for (let y = 0; y < first.length; y++) {
      const end = y * most + count[y]!;
      for (let x = 0; x < size; x++) {
        let sum = 0;
        let from = first[y]! * size + x;
        for (let tap = y * most; tap < end; tap++, from += size) sum += weights[tap]! * filtered[from]!;
        values[y * size + x] = sum / (one * one);
      }
    }
    spareRows.giveBack(filtered);
    return values;
  }

  #filterRow(samples: Uint8Array | Uint8ClampedArray, start: number, step: number): void {
    const { first, count, weights, most } = this.#across;
    const to = this.#nextRow++ * this.#size;
    for (let x = 0; x < this.#size; x++) {
      let sum = 0;
      let from = start + first[x]! * step;
      const end = x * most + count[x]!;
      for (let tap = x * most; tap < end; tap++, from += step)
        sum = (sum + Math.imul(weights[tap]!, samples[from]!)) | 0;
      this.#filtered[to + x] = sum;
    }
  }

  /** Together, as each weight is fetched once for all four: half as long as one by one. */
  #filterFourRows(
    samples: Uint8Array | Uint8ClampedArray,
    start: number,
    step: number,
    stride: number,
  ): void {
    const size = this.#size;
    const filtered = this.#filtered;
    const { first, count, weights, most } = this.#across;
    const to = this.#nextRow * size;
    this.#nextRow += 4;
    for (let x = 0; x < size; x++) {
      let sum0 = 0;
      let sum1 = 0;
      let sum2 = 0;
      let sum3 = 0;
      let from = start + first[x]! * step;
      const end = x * most + count[x]!;
      for (let tap = x * most; tap < end; tap++, from += step) {
        const weight = weights[tap]!;
        sum0 = (sum0 + Math.imul(weight, samples[from]!)) | 0;
        sum1 = (sum1 + Math.imul(weight, samples[from + stride]!)) | 0;
        sum2 = (sum2 + Math.imul(weight, samples[from + 2 * stride]!)) | 0;
        sum3 = (sum3 + Math.imul(weight, samples[from + 3 * stride]!)) | 0;
      }
      filtered[to + x] = sum0;
      filtered[to + size + x] = sum1;
      filtered[to + 2 * size + x] = sum2;
      filtered[to + 3 * size + x] = sum3;
    }
  }
}
