import { expect, test } from "vitest";
import { dimensionScale } from "./dimensionScale.ts";

const frame = { left: 40, right: 440, top: 10, bottom: 210 };

test("every doubling takes as much room, and 0 stands apart on the left", () => {
  const { x } = dimensionScale([0, 64, 128, 512], [0, 1], frame);
  expect(x(128) - x(64)).toBeCloseTo((x(512) - x(128)) / 2);
  expect(x(0)).toBeLessThan(x(64));
  expect(x(0)).toBeGreaterThan(frame.left);
  expect(x(512)).toBeLessThan(frame.right);
});

test("one value alone is in the middle, whichever", () => {
  for (const value of [0, 256]) expect(dimensionScale([value], [0.5], frame).x(value)).toBeCloseTo(240);
});

test("all y values lie within round ticks", () => {
  for (const ys of [[0.31, 0.62, 0.9], [3], [0, 0], [1e-5, 2e-5], []]) {
    const { y, yTicks } = dimensionScale([1, 2], ys, frame);
    expect(yTicks.length).toBeGreaterThan(2);
    expect(yTicks.length).toBeLessThan(12);
    for (const value of ys) {
      expect(y(value)).toBeGreaterThanOrEqual(frame.top);
      expect(y(value)).toBeLessThanOrEqual(frame.bottom);
    }
    expect(y(yTicks[0]!)).toBeCloseTo(frame.bottom);
    expect(y(yTicks.at(-1)!)).toBeCloseTo(frame.top);
  }
});
