import { expect, test } from "vitest";
import { isHopeless } from "./isHopeless.ts";

const value = (mean: number, half: number | null) => ({
  mean,
  interval: half === null ? null : { low: mean - half, high: mean + half },
  seeds: [],
});

test("below the worst mean by more than the longest interval", () => {
  const finished = [value(0.5, 0.05), value(0.7, 0.1)];
  expect(isHopeless(0.29, finished, { better: "higher" })).toBe(true);
  expect(isHopeless(0.31, finished, { better: "higher" })).toBe(false);
  expect(isHopeless(0.91, finished, { better: "lower" })).toBe(true);
  expect(isHopeless(0.89, finished, { better: "lower" })).toBe(false);
});

test("values with one seed do not count, and without others nothing is hopeless", () => {
  expect(isHopeless(0, [value(0.5, null), value(0.7, null)], { better: "higher" })).toBe(false);
  expect(isHopeless(0.3, [value(0.1, null), value(0.7, 0.1)], { better: "higher" })).toBe(true);
  expect(isHopeless(0, [], { better: "higher" })).toBe(false);
});
