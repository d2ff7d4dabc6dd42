import { describe, expect, test } from "vitest";
import { median, summariseTimes } from "./timing.ts";

describe("times", () => {
  test("the median is the middle one, or the mean of the two in the middle, in any order", () => {
    expect(median([9, 1, 4])).toBe(4);
    expect(median([10, 1, 4, 2])).toBe(3);
    expect(median([7])).toBe(7);
    expect(() => median([])).toThrow();
  });

  test("a summary has median, extremes and count, and leaves its input as it was", () => {
    const times = [30, 10, 20.5];
    expect(summariseTimes(times)).toEqual({ medianMs: 20.5, minMs: 10, maxMs: 30, repetitions: 3 });
    expect(times).toEqual([30, 10, 20.5]);
  });
});
