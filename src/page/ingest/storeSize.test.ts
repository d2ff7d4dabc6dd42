import { describe, expect, it } from "vitest";
import { chooseStoreSize, imagesThatFit, storeBytesLimit, storeSizes } from "./storeSize.ts";

describe("chooseStoreSize", () => {
  it.each([
    ["small images for small views", 32, [32, 32, 32], 32],
    ["large images for small views: room to crop", 32, [375, 500, 333], 48],
    ["large images for large views: room to crop", 128, [375, 500, 333], 192],
    ["images just larger than the views", 64, [70, 70, 70], 96],
    ["images smaller than the views", 128, [32, 32, 32], 128],
    ["views at the limit", 224, [4000], 256],
    ["views between two sizes", 100, [100], 128],
    ["nothing known", 48, [], 48],
    ["one odd image among many", 32, [16, 400, 400, 400, 5000], 48],
  ])("%s", (_, viewSize, shortSides, expected) => {
    expect(chooseStoreSize(viewSize, shortSides, 1000)).toBe(expected);
  });

  it("comes down until all images fit, and no further", () => {
    for (const count of [5_000, 10_000, 50_000, 100_000, 300_000]) {
      const size = chooseStoreSize(224, [500], count);
      expect(count * size * size * 3).toBeLessThanOrEqual(storeBytesLimit);
      const larger = storeSizes[storeSizes.indexOf(size as (typeof storeSizes)[number]) + 1];
      if (larger !== undefined) expect(count * larger * larger * 3).toBeGreaterThan(storeBytesLimit);
    }
    expect(chooseStoreSize(224, [500], 10_000_000)).toBe(32);
    expect(imagesThatFit(32) * 32 * 32 * 3).toBeLessThanOrEqual(storeBytesLimit);
  });
});
