import type { Neighbour } from "../../contract/sight.ts";
import { invariant } from "../../lib/invariant.ts";

/**
 * A network's features of some images, in the host's memory, where the neighbours of one image are found without a
 * tensor: 2 400 rows of 128 in a millisecond.
 */
export class KeptFeatures {
  private readonly rowOf: ReadonlyMap<number, number>;
  private readonly rows: Float32Array;

  /**
   * @param indices [N] the images, each once.
   * @param features [N, dim] row-major, of any length; copied.
   */
  constructor(
    readonly indices: Int32Array,
    features: Float32Array,
    readonly dim: number,
  ) {
    invariant(features.length === indices.length * dim, "a row for each image");
    this.rows = features.slice();
    indices.forEach((_, row) => toUnit(this.rows.subarray(row * dim, (row + 1) * dim)));
    this.rowOf = new Map(Array.from(indices, (index, row) => [index, row]));
  }

  /** The unit features of an image; null of one that is not among these. */
  of(index: number): Float32Array | null {
    const row = this.rowOf.get(index);
    return row === undefined ? null : this.rows.subarray(row * this.dim, (row + 1) * this.dim);
  }

  /**
   * The images most similar by cosine, nearest first; of equals the one that comes first.
   *
   * @param query [dim] of any length.
   * @param except an image that is not to be among them.
   */
  nearest(query: Float32Array, count: number, except = -1): Neighbour[] {
    const { rows, dim, indices } = this;
    invariant(query.length === dim, `features of ${query.length} among those of ${dim}`);
    const unit = toUnit(query.slice());
    const found: { index: number; similarity: number }[] = [];
    for (let row = 0, at = 0; row < indices.length; row++) {
      let similarity = 0;
      for (let d = 0; d < dim; d++) similarity += rows[at++]! * unit[d]!;
      const index = indices[row]!;
      if (index === except) continue;
      if (found.length === count && similarity <= (found.at(-1)?.similarity ?? Infinity)) continue;
      if (found.length === count) found.pop();
      let place = found.length;
      while (place > 0 && found[place - 1]!.similarity < similarity) place--;
      found.splice(place, 0, { index, similarity });
    }
    return found;
  }
}

/** In place. */
function toUnit(row: Float32Array): Float32Array {
  let squared = 0;
  for (const value of row) squared += value * value;
  const inverse = 1 / Math.max(Math.sqrt(squared), 1e-12);
  for (let d = 0; d < row.length; d++) row[d]! *= inverse;
  return row;
}
