import { invariant } from "../../lib/invariant.ts";

/**
 * Which rows of growing columns to draw. Rows are gathered into at most so many buckets, all equally wide but the
 * last; of each bucket the first row and the last are kept, those with each column's smallest and largest value, and
 * the first and last with a value that is not finite. So no spike is lost.
 *
 * Only new rows are looked at. When there are too many for the buckets, pairs of buckets become one: what a drawing
 * costs depends on the number of buckets, not on the length of the run.
 */
export class RowThinner {
  readonly #mostBuckets: number;
  #rowsPerBucket = 1;
  #rows = 0;
  /** Of each column and bucket: rows; −1 = none yet. */
  readonly #lowest: readonly Int32Array[];
  readonly #highest: readonly Int32Array[];
  /** Of each bucket. */
  readonly #firstNotFinite: Int32Array;
  readonly #lastNotFinite: Int32Array;

  /** @param mostBuckets even; there are at least half as many once there are more rows. */
  constructor(columns: number, mostBuckets: number) {
    invariant(mostBuckets > 0 && mostBuckets % 2 === 0, `${mostBuckets} buckets`);
    this.#mostBuckets = mostBuckets;
    const empty = (): Int32Array => new Int32Array(mostBuckets).fill(-1);
    this.#lowest = Array.from({ length: columns }, empty);
    this.#highest = Array.from({ length: columns }, empty);
    this.#firstNotFinite = empty();
    this.#lastNotFinite = empty();
  }

  /**
   * @param columns as they were the last time, and longer or equally long.
   * @returns rising rows.
   */
  update(columns: readonly ArrayLike<number>[], rows: number): Int32Array {
    invariant(rows >= this.#rows, `${rows} rows after ${this.#rows}`);
    for (let row = this.#rows; row < rows; row++) {
      if (row === this.#rowsPerBucket * this.#mostBuckets) this.#halve(columns);
      this.#take(columns, row);
    }
    this.#rows = rows;
    return this.#kept();
  }

  #take(columns: readonly ArrayLike<number>[], row: number): void {
    const bucket = Math.floor(row / this.#rowsPerBucket);
    for (let c = 0; c < columns.length; c++) {
      const column = columns[c]!;
      const value = column[row]!;
      if (!Number.isFinite(value)) {
        if (this.#firstNotFinite[bucket] === -1) this.#firstNotFinite[bucket] = row;
        this.#lastNotFinite[bucket] = row;
        continue;
      }
      const lowest = this.#lowest[c]!;
      const highest = this.#highest[c]!;
      if (lowest[bucket] === -1 || value < column[lowest[bucket]!]!) lowest[bucket] = row;
      if (highest[bucket] === -1 || value > column[highest[bucket]!]!) highest[bucket] = row;
    }
  }

  #halve(columns: readonly ArrayLike<number>[]): void {
    columns.forEach((column, c) => {
      const lower = (a: number, b: number): number => (column[b]! < column[a]! ? b : a);
      const higher = (a: number, b: number): number => (column[b]! > column[a]! ? b : a);
      mergePairs(this.#lowest[c]!, lower);
      mergePairs(this.#highest[c]!, higher);
    });
    mergePairs(this.#firstNotFinite, (a) => a);
    mergePairs(this.#lastNotFinite, (_, b) => b);
    this.#rowsPerBucket *= 2;
  }

  #kept(): Int32Array {
    if (this.#rowsPerBucket === 1) return Int32Array.from({ length: this.#rows }, (_, row) => row);
    const kept: number[] = [];
    for (let start = 0; start < this.#rows; start += this.#rowsPerBucket) {
      const bucket = start / this.#rowsPerBucket;
      const last = Math.min(this.#rows, start + this.#rowsPerBucket) - 1;
      const chosen = [start, last, this.#firstNotFinite[bucket]!, this.#lastNotFinite[bucket]!];
      for (const lowest of this.#lowest) chosen.push(lowest[bucket]!);
      for (const highest of this.#highest) chosen.push(highest[bucket]!);
      chosen.sort((a, b) => a - b);
      for (const row of chosen) if (row >= 0 && row !== kept.at(-1)) kept.push(row);
    }
    return Int32Array.from(kept);
  }
}

/** Entries 2i and 2i + 1 become entry i, the upper half is emptied. −1 loses to anything. */
function mergePairs(entries: Int32Array, better: (a: number, b: number) => number): void {
  const half = entries.length / 2;
  for (let i = 0; i < half; i++) {
    const a = entries[2 * i]!;
    const b = entries[2 * i + 1]!;
    entries[i] = a === -1 || b === -1 ? Math.max(a, b) : better(a, b);
  }
  entries.fill(-1, half);
}
