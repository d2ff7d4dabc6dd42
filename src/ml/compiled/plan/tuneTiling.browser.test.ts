import { afterAll, beforeAll, expect, it } from "vitest";
import { invariant } from "../../../lib/invariant.ts";
import type { ProductTile } from "../../wgsl/tiledProduct.ts";
import { measureTiling, rateTiles } from "./tuneTiling.ts";

const tile: ProductTile = { rows: 32, columns: 16, depth: 8, ownRows: 4, ownColumns: 4 };
let device: GPUDevice;

beforeAll(async () => {
  const adapter = await navigator.gpu.requestAdapter();
  invariant(adapter !== null, "these tests need WebGPU");
  device = await adapter.requestDevice();
});
afterAll(() => device.destroy());

it("measures tiles on webgpu, and leaves out what a device cannot run", async () => {
  const tooLarge = { ...tile, rows: 4096 };
  const size = { samples: 1, side: 8, channels: 16 };
  const tiling = await measureTiling(device, [tile, tooLarge], size);
  // A software adapter may well be faster without workgroup memory.
  if (tiling !== null) expect(tiling.tiles).toEqual([{ ...tile, speed: 1 }]);
}, 60_000);

it("rates tiles by their times, and leaves out those whose numbers are wrong", () => {
  const right = Float32Array.of(1, -2, 3);
  const other = { ...tile, rows: 64 };
  const rated = rateTiles([tile, other, { ...tile, depth: 16 }], { result: right, ms: 8 }, [
    { result: Float32Array.of(1, -2, 3.00001), ms: 4 },
    { result: Float32Array.of(1, -2, 3), ms: 2 },
    { result: Float32Array.of(1, -2, Number.NaN), ms: 1 },
  ]);
  expect(rated).toEqual([
    { ...tile, speed: 0.5 },
    { ...other, speed: 1 },
  ]);
});

it("chooses none when registers are faster than every tile", () => {
  const result = Float32Array.of(1, 2);
  expect(rateTiles([tile], { result, ms: 1 }, [{ result, ms: 1.5 }])).toBeNull();
});
