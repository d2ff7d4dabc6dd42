import { invariant } from "../../lib/invariant.ts";
import type { UnitRows } from "../tensors/unitRows.ts";
import { finish, type Sliced } from "../../lib/slices.ts";
import * as tf from "../tfjs/tf.ts";

/** Multiplications in one slice of a search: some tens of milliseconds on a processor. */
const productsAtOnce = 64 * 1024 * 1024;
/** Similarities are read back at most this many at a time: 16 MB. */
const similaritiesAtOnce = 4 * 1024 * 1024;

/** The k most similar bank rows of every query, most similar first. */
export interface Neighbours {
  readonly k: number;
  /** [queries, k] */
  readonly indices: Int32Array;
  /** [queries, k] cosines. */
  readonly cosines: Float32Array;
}

export interface NeighbourSearch {
  /** When the queries are the bank: a row is no neighbour of its own. */
  readonly excludeSelf?: boolean;
  /** For a person: "Finding each image's neighbours". */
  readonly task?: string;
}

/**
 * Finds each query's k most similar rows of a bank by cosine, some queries a slice. The products run on the device, the
 * selection here. Of equals the one that comes first in the bank wins.
 *
 * @param bank [N, D]
 * @param queries [M, D]
 */
export async function* searchNeighbours(
  bank: UnitRows,
  queries: UnitRows,
  k: number,
  { excludeSelf = false, task = "" }: NeighbourSearch = {},
): Sliced<Neighbours> {
  const [bankCount, queryCount] = [bank.shape[0], queries.shape[0]];
  invariant(k >= 1 && k <= bankCount - (excludeSelf ? 1 : 0), `no ${k} neighbours among ${bankCount}`);
  const indices = new Int32Array(queryCount * k);
  const cosines = new Float32Array(queryCount * k);
  const most = Math.min(similaritiesAtOnce, productsAtOnce / bank.shape[1]);
  const chunk = Math.max(1, Math.floor(most / bankCount));
  const turned: tf.Tensor2D = tf.transpose(bank); // once: WASM multiplies by an untransposed matrix much faster
  try {
    for (let start = 0; start < queryCount; start += chunk) {
      const size = Math.min(chunk, queryCount - start);
      const product = tf.tidy(() =>
        tf.matMul(tf.slice2d(queries, [start, 0], [size, queries.shape[1]]), turned),
      );
      const similarities = (await product.data()) as Float32Array; // sync point
      product.dispose();
      for (let row = 0; row < size; row++) {
        const query = start + row;
        const line = similarities.subarray(row * bankCount, (row + 1) * bankCount);
        selectLargest(line, k, excludeSelf ? query : -1, indices, cosines, query * k);
      }
      yield { task, done: start + size, total: queryCount };
    }
  } finally {
    turned.dispose();
  }
  return { k, indices, cosines };
}

/** All slices of `searchNeighbours`. */
export async function nearestNeighbours(
  bank: UnitRows,
  queries: UnitRows,
  k: number,
  options?: NeighbourSearch,
): Promise<Neighbours> {
  return (await finish(searchNeighbours(bank, queries, k, options))) as Neighbours;
}

/** Writes the k largest of `values` (but `skip`) and where they are, largest first, to the outputs from `to` on. */
function selectLargest(
  values: Float32Array,
  k: number,
  skip: number,
  indices: Int32Array,
  largest: Float32Array,
  to: number,
): void {
  // An insertion sort of the best so far; nearly every value fails the first comparison.
  let found = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if ((found === k && value <= largest[to + k - 1]!) || i === skip) continue;
    let at = found < k ? found++ : k - 1;
    while (at > 0 && largest[to + at - 1]! < value) {
      largest[to + at] = largest[to + at - 1]!;
      indices[to + at] = indices[to + at - 1]!;
      at--;
    }
    largest[to + at] = value;
    indices[to + at] = i;
  }
}
