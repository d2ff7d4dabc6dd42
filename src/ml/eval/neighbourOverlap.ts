import type { UnitRows } from "../tensors/unitRows.ts";
import { nearestNeighbours, type Neighbours } from "./nearestNeighbours.ts";

/**
 * How alike two networks see neighbourhoods: the share of each image's k nearest images that both agree on,
 * averaged over the images. An image is no neighbour of its own.
 *
 * @param first [N, D₁]
 * @param second [N, D₂] of the same images in the same order.
 * @returns in [0, 1]; 1 = the same neighbours, k/(N − 1) = chance.
 */
export async function neighbourOverlap(first: UnitRows, second: UnitRows, k: number): Promise<number> {
  const options = { excludeSelf: true };
  const a = await nearestNeighbours(first, first, k, options);
  const b = await nearestNeighbours(second, second, k, options);
  return sharedNeighbours(a, b);
}

/** The share of each query's k nearest in `a` that is among its k nearest in `b`; mean over the queries, in [0, 1]. */
export function sharedNeighbours(a: Neighbours, b: Neighbours): number {
  const { k } = a;
  const count = a.indices.length / k;
  let shared = 0;
  for (let i = 0; i < count; i++) {
    const theirs = new Set(b.indices.subarray(i * k, (i + 1) * k));
    for (const neighbour of a.indices.subarray(i * k, (i + 1) * k)) if (theirs.has(neighbour)) shared++;
  }
  return shared / (count * k);
}
