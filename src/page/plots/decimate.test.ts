import { expect, test } from "vitest";
import { createPrng } from "../../lib/prng.ts";
import { decimate } from "./decimate.ts";

test("few points are all kept", () => {
  expect([...decimate([[3, 1, 2]], 3, 100)]).toEqual([0, 1, 2]);
});

test("keeps both ends, every bucket's extremes of every series, and rising order", () => {
  const prng = createPrng(7, "decimate");
  const length = 10_007;
  const buckets = 50;
  const series = [0, 1].map(() => Float32Array.from({ length }, () => prng.normal()));
  const kept = decimate(series, length, buckets);
  expect(kept.length).toBeLessThanOrEqual(buckets * 6);
  expect(kept[0]).toBe(0);
  expect(kept.at(-1)).toBe(length - 1);
  expect([...kept]).toEqual([...new Set(kept)].sort((a, b) => a - b));
  for (const values of series) {
    for (let bucket = 0; bucket < buckets; bucket++) {
      const from = Math.floor((bucket * length) / buckets);
      const to = Math.floor(((bucket + 1) * length) / buckets);
      const drawn = [...kept].filter((i) => i >= from && i < to).map((i) => values[i]!);
      expect(Math.max(...drawn)).toBe(Math.max(...values.subarray(from, to)));
      expect(Math.min(...drawn)).toBe(Math.min(...values.subarray(from, to)));
    }
  }
});

test("never drops a value that is not finite", () => {
  const values = new Float32Array(5000).fill(1);
  values[1234] = Number.NaN;
  values[4321] = Infinity;
  const kept = new Set(decimate([values], values.length, 20));
  expect(kept.has(1234) && kept.has(4321)).toBe(true);
});
