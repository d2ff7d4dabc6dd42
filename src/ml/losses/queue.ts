import { AppError } from "../../contract/errors.ts";
import { invariant } from "../../lib/invariant.ts";
import type { Prng } from "../../lib/prng.ts";
import { knownUnitRows, normalizeRows, type UnitRows } from "../tensors/unitRows.ts";
import * as tf from "../tfjs/tf.ts";

/** A queue as plain data, to be saved and restored. */
export interface KeyQueueState {
  /** [capacity, dim] row-major. */
  readonly keys: Float32Array;
  readonly capacity: number;
  readonly dim: number;
  /** The row the next key goes to. */
  readonly next: number;
}

/**
 * A ring of the last `capacity` keys: MoCo's dictionary of negatives. Lives outside any `tf.tidy`.
 *
 * Row (next + i) mod capacity receives key i. MoCo refuses a batch that does not divide its queue;
 * `randomKeyQueue` does too. The ring itself wraps, as CompRess's does.
 *
 * Enqueuing makes a new [K, D] tensor with the rows replaced, without reading anything back. On WASM (one thread)
 * at K 65 536, D 128 and 64 keys that took 4 ms, beside 640 ms of InfoNCE; slices and a concat took 30 ms.
 */
export class KeyQueue {
  readonly capacity: number;
  readonly dim: number;
  private rows: UnitRows;
  private nextRow: number;

  /** Takes over `rows` [capacity, dim]; `next` is the row the next key goes to. */
  constructor(rows: UnitRows, next = 0) {
    [this.capacity, this.dim] = rows.shape;
    invariant(Number.isInteger(next) && next >= 0 && next < this.capacity, `no row ${next} in the queue`);
    this.rows = tf.keep(rows);
    this.nextRow = next;
  }

  static fromState({ keys, capacity, dim, next }: KeyQueueState): KeyQueue {
    return new KeyQueue(knownUnitRows(tf.tensor2d(keys, [capacity, dim])), next);
  }

  /** The row the next key goes to. */
  get next(): number {
    return this.nextRow;
  }

  /** [capacity, dim], not the caller's to dispose, and gone after the next `enqueue`. */
  keys(): UnitRows {
    return this.rows;
  }

  /** Replaces the oldest keys by `keys` [N ≤ capacity, dim], which stay the caller's. */
  enqueue(keys: UnitRows): void {
    const [count, dim] = keys.shape;
    invariant(dim === this.dim, `a key of ${dim} dimensions does not fit a queue of ${this.dim}`);
    invariant(count <= this.capacity, `${count} keys do not fit a queue of ${this.capacity}`);
    const { capacity, nextRow, rows: before } = this;
    const places = Int32Array.from({ length: count }, (_, i) => (nextRow + i) % capacity);
    this.rows = tf.keep(
      tf.tidy(() => {
        const rowIndices = tf.tensor2d(places, [count, 1], "int32");
        return knownUnitRows(tf.tensorScatterUpdate(before, rowIndices, keys));
      }),
    );
    before.dispose();
    this.nextRow = (nextRow + count) % capacity;
  }

  /** Takes over other `rows` of the same shape. */
  replace(rows: UnitRows, next: number): void {
    invariant(rows.shape.join() === this.rows.shape.join(), "the queue keeps its size");
    this.rows.dispose();
    this.rows = tf.keep(rows);
    this.nextRow = next;
  }

  /** A copy of everything. A sync point. */
  async state(): Promise<KeyQueueState> {
    const { capacity, dim, nextRow } = this;
    return { keys: new Float32Array(await this.rows.data()), capacity, dim, next: nextRow };
  }

  dispose(): void {
    this.rows.dispose();
  }
}

/**
 * A queue of random directions: N(0, 1) rows divided by their length, as MoCo starts.
 *
 * @throws AppError config-invalid when the batch does not divide the capacity.
 */
export function randomKeyQueue(prng: Prng, capacity: number, dim: number, batchSize: number): KeyQueue {
  requireWholeBatches(capacity, batchSize);
  const values = new Float32Array(capacity * dim);
  for (let i = 0; i < values.length; i++) values[i] = prng.normal();
  return new KeyQueue(tf.tidy(() => normalizeRows(tf.tensor2d(values, [capacity, dim]))));
}

/** @throws AppError config-invalid unless the queue holds a whole number of batches. */
export function requireWholeBatches(capacity: number, batchSize: number): void {
  if (capacity >= batchSize && capacity % batchSize === 0) return;
  const below = Math.max(batchSize, capacity - (capacity % batchSize));
  throw new AppError(
    "config-invalid",
    `A queue of ${capacity} keys is not a whole number of batches of ${batchSize}.`,
    { hint: `Use a queue of ${below} keys, or a batch that divides ${capacity}.` },
  );
}
