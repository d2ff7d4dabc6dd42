import { invariant } from "../../lib/invariant.ts";
import * as tf from "../tfjs/tf.ts";
import { normalizeRows } from "../tensors/unitRows.ts";

/** What a network made of some images of a set, in the host's memory: one unit row an image. */
export interface LookedAt {
  /** [N] images of the set. */
  readonly indices: Int32Array;
  /** [N, dim] unit rows, row-major. */
  readonly values: Float32Array;
  readonly dim: number;
}

export interface NearRow {
  /** The image, by its place in the set. */
  readonly index: number;
  /** Cosine, in [−1, 1]. */
  readonly similarity: number;
}

/** Reads features back and divides each row by its length. A sync point; the tensors stay the caller's. */
export async function lookAt(
  parts: readonly { readonly indices: Int32Array; readonly features: tf.Tensor2D }[],
): Promise<LookedAt> {
  const rows = tf.tidy(() =>
    normalizeRows(
      tf.concat(
        parts.map(({ features }) => features),
        0,
      ),
    ),
  );
  const values = await rows.data<"float32">();
  const dim = rows.shape[1];
  rows.dispose();
  const indices = Int32Array.from(parts.flatMap(({ indices }) => Array.from(indices)));
  invariant(values.length === indices.length * dim, "one row an image");
  return { indices, values, dim };
}

/** The row of an image; null where it was not looked at. */
export function rowOf({ indices, values, dim }: LookedAt, index: number): Float32Array | null {
  const row = indices.indexOf(index);
  return row < 0 ? null : values.subarray(row * dim, (row + 1) * dim);
}

/**
 * The images nearest to a unit row by cosine, nearest first. Some hundred thousand multiplications: a millisecond.
 *
 * @param except an image that is no neighbour: the one asked about; −1 = none.
 */
export function nearestImages(
  { indices, values, dim }: LookedAt,
  query: Float32Array,
  count: number,
  except: number,
): readonly NearRow[] {
  invariant(query.length === dim, "the query is of the same network");
  const all: NearRow[] = [];
  indices.forEach((index, row) => {
    if (index === except) return;
    let similarity = 0;
    for (let d = 0, at = row * dim; d < dim; d++) similarity += query[d]! * values[at + d]!;
    all.push({ index, similarity });
  });
  return all.sort((a, b) => b.similarity - a.similarity).slice(0, count);
}

/**
 * The share of each row's k neighbours that both lists name, averaged over the rows.
 *
 * @param first [N, k] places of neighbours, in any order.
 * @param second [N, k] the same by another network.
 * @returns in [0, 1].
 */
export function sharedNeighbours(first: Int32Array, second: Int32Array, k: number): number {
  invariant(first.length === second.length && first.length % k === 0, "equal numbers of neighbours");
  let shared = 0;
  for (let start = 0; start < first.length; start += k) {
    const theirs = new Set(second.subarray(start, start + k));
    for (const neighbour of first.subarray(start, start + k)) if (theirs.has(neighbour)) shared++;
  }
  return first.length === 0 ? 0 : shared / first.length;
}
