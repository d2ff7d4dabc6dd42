import { expect, test } from "vitest";
import { chartScale, labelRows } from "./chartScale.ts";

const frame = { left: 40, right: 440, top: 10, bottom: 210 };

test("every doubling takes as much room, and 0 stands apart on the left", () => {
  const { x } = chartScale([0, 64, 128, 512], "log", [0, 1], frame);
  expect(x(128) - x(64)).toBeCloseTo((x(512) - x(128)) / 2);
  expect(x(0)).toBeLessThan(x(64));
  expect(x(0)).toBeGreaterThan(frame.left);
  expect(x(512)).toBeLessThan(frame.right);
});

test("on a linear axis every step does", () => {
  const { x } = chartScale([0, 0.1, 0.4], "linear", [0, 1], frame);
  expect(x(0.4) - x(0.1)).toBeCloseTo(3 * (x(0.1) - x(0)));
});

test("names stand evenly in their order, each in the middle of its part", () => {
  const { x } = chartScale(["seed", "disco", "bingo", "rkd"], "named", [0, 1], frame);
  expect(["seed", "disco", "bingo", "rkd"].map(x)).toEqual([90, 190, 290, 390]);
});

test("one value alone is in the middle, whichever", () => {
  for (const [value, kind] of [
    [0, "log"],
    [256, "log"],
    [0.2, "linear"],
    ["disco", "named"],
  ] as const)
    expect(chartScale([value], kind, [0.5], frame).x(value)).toBeCloseTo(240);
});

test("all y values lie within round ticks", () => {
  for (const ys of [[0.31, 0.62, 0.9], [3], [0, 0], [1e-5, 2e-5], []]) {
    const { y, yTicks } = chartScale([1, 2], "log", ys, frame);
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

test("y can be given, whatever is to be seen", () => {
  const { y, yTicks } = chartScale([1], "log", [0.4, 0.5], frame, { from: 0, to: 1 });
  expect(yTicks).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
  expect(y(0.5)).toBeCloseTo(110);
});

test("labels that would run into each other are staggered", () => {
  expect(labelRows(["8", "16", "256"], 400)).toBe(1);
  expect(labelRows(["MoCo-v2", "Distillation only", "SEED", "DisCo"], 400)).toBe(2);
  expect(
    labelRows(
      Array.from({ length: 12 }, () => "Distillation only"),
      400,
    ),
  ).toBe(3);
});
