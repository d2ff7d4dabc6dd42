import { expect, test } from "vitest";
import { MovingAverage } from "./smoothing.ts";

const smooth = (values: readonly number[], weight: number): Float64Array =>
  new MovingAverage(weight).update(values);

test("equals the weighted mean written out, so the start is not pulled to zero", () => {
  const values = [4, -2, 7, 7, 0.5];
  const weight = 0.8;
  const slow = values.map((_, i) => {
    const weights = values.slice(0, i + 1).map((_, j) => weight ** (i - j));
    const total = weights.reduce((a, b) => a + b);
    return weights.reduce((sum, w, j) => sum + w * values[j]!, 0) / total;
  });
  smooth(values, weight).forEach((value, i) => expect(value).toBeCloseTo(slow[i]!, 10));
});

test("weight 0 changes nothing and a constant stays constant", () => {
  expect([...smooth([3, 1, 2], 0)]).toEqual([3, 1, 2]);
  smooth([5, 5, 5, 5], 0.99).forEach((value) => expect(value).toBeCloseTo(5, 10));
});

test("a value that is not finite shows, and leaves its neighbours alone", () => {
  const smoothed = smooth([2, Number.NaN, 2, Infinity, 2], 0.9);
  expect(smoothed[1]).toBeNaN();
  expect(smoothed[3]).toBe(Infinity);
  [0, 2, 4].forEach((i) => expect(smoothed[i]).toBeCloseTo(2, 10));
});

test("a column that grows gives the same as one that is there at once", () => {
  const values = Array.from({ length: 1000 }, (_, i) => (i % 97 === 5 ? Number.NaN : Math.sin(i)));
  const growing = new MovingAverage(0.9);
  for (const length of [0, 1, 1, 255, 256, 257, 700]) growing.update(values.slice(0, length));
  expect([...growing.update(values)]).toEqual([...smooth(values, 0.9)]);
});
