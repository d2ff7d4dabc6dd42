import { expect, test } from "vitest";
import { bootstrapInterval, quantile } from "./bootstrapInterval.ts";

/** Means of all nⁿ ways to draw n of n values with replacement, sorted: what the bootstrap samples from. */
function allMeans(values: readonly number[]): Float64Array {
  const n = values.length;
  return Float64Array.from({ length: n ** n }, (_, draw) => {
    let sum = 0;
    for (let i = 0, rest = draw; i < n; i++, rest = Math.floor(rest / n)) sum += values[rest % n]!;
    return sum / n;
  }).sort();
}

test("of three values it is that of all 27 resamples, exactly", () => {
  for (const values of [
    [0.31, 0.62, 0.44],
    [1, 1, 5],
    [-2, 7, 0.5],
  ]) {
    const means = allMeans(values);
    expect(means).toHaveLength(27);
    const { low, high } = bootstrapInterval(values)!;
    expect(low).toBeCloseTo(quantile(means, 0.025), 12);
    expect(high).toBeCloseTo(quantile(means, 0.975), 12);
    // 1 of 27 is more than 2.5 %: the ends are the lowest and the highest value.
    expect(low).toBeCloseTo(Math.min(...values), 12);
    expect(high).toBeCloseTo(Math.max(...values), 12);
  }
});

test("of five values it comes close to that of all 3125 resamples, and lies within the values", () => {
  const values = [0.3, 0.38, 0.41, 0.47, 0.6];
  const means = allMeans(values);
  const { low, high } = bootstrapInterval(values)!;
  expect(Math.abs(low - quantile(means, 0.025))).toBeLessThan(0.01);
  expect(Math.abs(high - quantile(means, 0.975))).toBeLessThan(0.01);
  expect(low).toBeGreaterThan(0.31);
  expect(high).toBeLessThan(0.59);
});

test("the same values give the same interval; one value, none", () => {
  expect(bootstrapInterval([1, 2, 3, 4])).toEqual(bootstrapInterval([1, 2, 3, 4]));
  expect(bootstrapInterval([0.5])).toBeNull();
  expect(bootstrapInterval([])).toBeNull();
  expect(bootstrapInterval([0.5, 0.5])).toEqual({ low: 0.5, high: 0.5 });
});

test("a quantile is one of the values", () => {
  const hundred = Float64Array.from({ length: 100 }, (_, i) => i + 1);
  expect([0.025, 0.5, 0.975, 1].map((share) => quantile(hundred, share))).toEqual([3, 50, 98, 100]);
});
