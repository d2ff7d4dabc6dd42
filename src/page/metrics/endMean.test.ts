import { expect, test } from "vitest";
import { endMean } from "./endMean.ts";

test("the end of a curve is the mean of its last tenth, of what is finite in it", () => {
  expect(endMean(Float32Array.from({ length: 200 }, (_, i) => i))).toBe(189.5);
  expect(
    endMean(Float32Array.of(...Array.from({ length: 20 }, () => 9), ...[1, 2, 3, 4, 5, 6, 7, 8, NaN, NaN])),
  ).toBe(4.5);
});

test("at least ten steps, or all there are", () => {
  expect(endMean(Float32Array.from({ length: 20 }, (_, i) => i))).toBe(14.5);
  expect(endMean(Float32Array.of(5))).toBe(5);
  expect(endMean(new Float32Array())).toBeNull();
});
