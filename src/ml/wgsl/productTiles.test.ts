import { describe, expect, test } from "vitest";
import { chooseProductTile, hardwareTiling, type ProductTiling } from "./productTiles.ts";
import { lanesOf, tileBytes } from "./tiledProduct.ts";

test("the tiles for hardware fit what every adapter has", () => {
  for (const tile of hardwareTiling.tiles) {
    expect(tileBytes(tile)).toBeLessThanOrEqual(16_384);
    expect(lanesOf(tile)).toBeLessThanOrEqual(256);
    for (const size of Object.values(tile).slice(0, 5)) expect(size % 4).toBe(0);
    // What `tiledProduct` takes for granted: every lane's vectors of the left factor are at one depth.
    expect(lanesOf(tile) % (tile.depth / 4)).toBe(0);
  }
});

describe("a tile is chosen", () => {
  const small = { rows: 32, columns: 32, depth: 16, ownRows: 4, ownColumns: 4, speed: 0.5 };
  const large = { rows: 128, columns: 128, depth: 16, ownRows: 8, ownColumns: 8, speed: 1 };
  const tiling: ProductTiling = { workgroups: 100, tiles: [large, small] };

  test("large where there are workgroups enough", () => {
    expect(chooseProductTile({ rows: 128 * 100, columns: 128 }, tiling)).toBe(large);
  });
  test("small where large ones would leave most of the device idle", () => {
    expect(chooseProductTile({ rows: 1024, columns: 128 }, tiling)).toBe(small);
  });
  test("small where large ones would be mostly edge", () => {
    expect(chooseProductTile({ rows: 128 * 1000, columns: 24 }, tiling)).toBe(small);
  });
  test("large all the same where the depth is dealt out", () => {
    expect(chooseProductTile({ rows: 1024, columns: 128, parted: true }, tiling)).toBe(large);
  });
  test("none where there is none", () => {
    expect(chooseProductTile({ rows: 64, columns: 64 }, { workgroups: 4, tiles: [] })).toBeNull();
  });
});
