import { expect, test } from "vitest";
import { meanInterval } from "./meanInterval.ts";

test("is the interval by Student’s t", () => {
  // s² = 0.0026 / 3, t with three degrees of freedom = 3.182.
  const four = meanInterval([0.85, 0.88, 0.81, 0.86]);
  expect(four?.mean).toBeCloseTo(0.85, 10);
  expect(four?.half).toBeCloseTo(3.182 * Math.sqrt(0.0026 / 3 / 4), 10);
  // Two values: 12.706 · |a − b| / 2.
  expect(meanInterval([1, 3])?.half).toBeCloseTo(12.706, 3);
});

test("comes close to the normal interval for many values", () => {
  const values = Array.from({ length: 400 }, (_, i) => (i % 2 === 0 ? 1 : -1));
  expect(meanInterval(values)?.half).toBeCloseTo(1.966 * Math.sqrt(400 / 399 / 400), 3);
});

test("one value has no interval, and none has no mean", () => {
  expect(meanInterval([0.4])).toEqual({ mean: 0.4, half: null, n: 1 });
  expect(meanInterval([])).toBeNull();
});
