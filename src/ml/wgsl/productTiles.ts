import type { ProductTile } from "./tiledProduct.ts";

/** A tile, and how fast workgroups get through it when there are enough of them: relative to other tiles. */
export interface RatedTile extends ProductTile {
  readonly speed: number;
}

/** How products are dealt out to workgroups on an adapter with a memory of its own for each of them. */
export interface ProductTiling {
  readonly tiles: readonly RatedTile[];
  /** So many workgroups keep the device busy. */
  readonly workgroups: number;
}

/** Until a device has been measured. Within what every adapter has: 16 KiB of workgroup memory, 256 invocations. */
export const hardwareTiling: ProductTiling = {
  // Enough for the largest devices; on others it makes tiles a little smaller than need be.
  workgroups: 264,
  tiles: [
    { rows: 128, columns: 128, depth: 16, ownRows: 8, ownColumns: 8, speed: 1 },
    { rows: 128, columns: 64, depth: 16, ownRows: 8, ownColumns: 8, speed: 0.9 },
    { rows: 128, columns: 64, depth: 16, ownRows: 8, ownColumns: 4, speed: 0.8 },
    { rows: 64, columns: 64, depth: 16, ownRows: 8, ownColumns: 4, speed: 0.7 },
    { rows: 128, columns: 32, depth: 16, ownRows: 8, ownColumns: 4, speed: 0.6 },
    { rows: 64, columns: 32, depth: 16, ownRows: 4, ownColumns: 4, speed: 0.5 },
    { rows: 32, columns: 32, depth: 16, ownRows: 4, ownColumns: 4, speed: 0.35 },
  ],
};

/** A product of matrices [rows, depth] · [depth, columns]. */
export interface ProductSize {
  readonly rows: number;
  readonly columns: number;
  /** The depth can be dealt out in parts, so that there are workgroups enough for any tile. */
  readonly parted?: true;
}

/**
 * The tile that is done soonest: large ones load each number less often, small ones leave work for all of the device and
 * little over at the edges.
 */
export function chooseProductTile(
  size: ProductSize,
  { tiles, workgroups }: ProductTiling,
): ProductTile | null {
  let best: ProductTile | null = null;
  let leastTime = Infinity;
  for (const tile of tiles) {
    const count = Math.ceil(size.rows / tile.rows) * Math.ceil(size.columns / tile.columns);
    const rounds = size.parted === true ? count : Math.max(count, workgroups);
    const time = (rounds * tile.rows * tile.columns) / tile.speed;
    if (time < leastTime) [best, leastTime] = [tile, time];
  }
  return best;
}
