import type { Neighbours } from "./nearestNeighbours.ts";

/**
 * How alike two networks see neighbourhoods: the share of each query's k nearest images that both agree on, averaged over
 * the queries.
 *
 * @param a by one network. @param b by another, of the same queries in the same order, and as many.
 * @returns in [0, 1]; 1 = the same neighbours, k of the number of images = chance.
 */
export function neighbourOverlap(a: Neighbours, b: Neighbours): number {
  const { k } = a;
  const count = a.indices.length / k;
  let shared = 0;
  for (let i = 0; i < count; i++) {
    const theirs = new Set(b.indices.subarray(i * k, (i + 1) * k));
    for (const neighbour of a.indices.subarray(i * k, (i + 1) * k)) if (theirs.has(neighbour)) shared++;
  }
  return shared / (count * k);
}
