import { expect, test } from "vitest";
import { meanCurve, pointsWithoutPlace, valueAt } from "./curves.ts";

const rising = { x: [0, 10, 20], y: [0, 1, 4] };

test("a curve is read between its points and nowhere beyond them", () => {
  expect([0, 5, 10, 12, 20].map((at) => valueAt(rising, at))).toEqual([0, 0.5, 1, 1.6, 4]);
  expect([-1, 21, Number.NaN].map((at) => valueAt(rising, at))).toEqual([NaN, NaN, NaN]);
  expect(valueAt({ x: [], y: [] }, 0)).toBeNaN();
  expect(valueAt({ x: [3], y: [7] }, 3)).toBe(7);
});

test("the mean reaches as far as all curves do, whatever their points", () => {
  const shorter = { x: [5, 15], y: [3, 5] };
  expect(meanCurve([rising, shorter])).toEqual({ x: [10], y: [(1 + 4) / 2] });
  expect(meanCurve([shorter, rising])).toEqual({ x: [5, 15], y: [(3 + 0.5) / 2, (5 + 2.5) / 2] });
  expect(meanCurve([rising])).toEqual(rising);
  expect(meanCurve([rising, { x: [30], y: [1] }]).x).toEqual([]);
  expect(meanCurve([rising, { x: [], y: [] }]).x).toEqual([]);
  expect(meanCurve([])).toEqual({ x: [], y: [] });
});

test("points at or below zero have no place on a logarithmic axis", () => {
  expect(pointsWithoutPlace([rising], false, false)).toBe(0);
  expect(pointsWithoutPlace([rising], true, false)).toBe(1);
  expect(pointsWithoutPlace([rising, { x: [1, 2], y: [-1, NaN] }], true, true)).toBe(2);
});
