import { describe, expect, test } from "vitest";
import { createPrng } from "../../../src/lib/prng.ts";
import { sketch, sketchedDifference } from "./sketch.ts";

const prng = createPrng(4, "sketch");
const values = new Float32Array(5000).map(() => prng.normal());
const noise = new Float32Array(5000).map(() => prng.normal());

describe("sketches", () => {
  test.each([1e-4, 1e-2, 1])("tell a relative difference of %d", (relative) => {
    const other = values.map((value, i) => value + relative * (noise[i] as number));
    const exact = Math.hypot(...other.map((v, i) => v - values[i]!)) / Math.hypot(...values);
    const estimate = sketchedDifference(sketch(other), sketch(values));
    expect(estimate / exact).toBeGreaterThan(0.5);
    expect(estimate / exact).toBeLessThan(1.5);
  });

  test("equal arrays do not differ; shuffled, cut and broken ones do", () => {
    expect(sketchedDifference(sketch(values), sketch(values.slice()))).toBe(0);
    expect(sketchedDifference(sketch(values.slice().reverse()), sketch(values))).toBeGreaterThan(0.5);
    expect(sketchedDifference(sketch(values.slice(1)), sketch(values))).toBe(Infinity);
    expect(sketchedDifference(sketch(values.with(7, NaN)), sketch(values))).toBeNaN();
  });
});
