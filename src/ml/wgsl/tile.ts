import type { Granularity } from "./granularity.ts";

/** What one invocation computes: `rows` × `columns` pixels in `channelGroups` times four channels. */
export interface Tile {
  readonly rows: number;
  readonly columns: number;
  readonly channelGroups: number;
}

/** What is to be covered by tiles. */
export interface TiledSpace extends Tile {
  readonly samples: number;
}

/** What one step of a tile's innermost loop does, in vectors of four numbers. */
interface TileStep {
  readonly loads: number;
  /** Of a vector with a 4×4 matrix. */
  readonly products: number;
}

/** A load costs as much as so many products: measured on a software adapter, where reading is what takes long. */
const productsPerLoad = 10;
/** How much more a step with more loads than `Granularity.loads` may save before it is worth its longer text. */
const tooManyLoads = 1.6;

/**
 * The tile whose products cost least: large ones load each number less often, small ones leave work for all lanes and
 * little over at the edges.
 *
 * @param stepOf null for tiles that cannot be.
 */
export function chooseTile(
  space: TiledSpace,
  { threads, sums, columns: mostColumns, loads: mostLoads }: Granularity,
  stepOf: (tile: Tile) => TileStep | null,
): Tile {
  let best: Tile = { rows: 1, columns: 1, channelGroups: 1 };
  let leastCost = Infinity;
  for (const rows of [1, 2, 4])
    for (const columns of [1, 2, 4, 8])
      for (const channelGroups of [1, 2, 4]) {
        const tile = { rows, columns, channelGroups };
        const step = stepOf(tile);
        if (
          step === null ||
          columns > mostColumns ||
          rows * columns * channelGroups > sums ||
          space.channelGroups % channelGroups !== 0
        )
          continue;
        const [down, across] = [Math.ceil(space.rows / rows), Math.ceil(space.columns / columns)];
        const used = (space.rows * space.columns) / (down * rows * across * columns);
        const invocations = space.samples * down * across * (space.channelGroups / channelGroups);
        const cost =
          ((step.loads * productsPerLoad + step.products) / (step.products * used)) *
          (step.loads > mostLoads ? tooManyLoads : 1) *
          Math.max(1, threads / invocations);
        if (cost < leastCost) [best, leastCost] = [tile, cost];
      }
  return best;
}
