import { describe, expect, test } from "vitest";
import type { NumberSetting } from "../../contract/config.ts";
import { settings } from "../../contract/config.ts";
import { nearestStop, sliderStops } from "./sliderStops.ts";

const numbers = Object.entries(settings).filter(([, setting]) => setting.kind === "number") as [
  string,
  NumberSetting,
][];

describe("slider stops", () => {
  test.each(numbers)(
    "%s: rising, inside the range, with the default and the published value",
    (_, setting) => {
      const stops = sliderStops(setting);
      if (stops === null) {
        expect(setting.max - setting.min).toBeGreaterThan(10);
        return;
      }
      expect(stops.length).toBeGreaterThan(5);
      expect(stops.length).toBeLessThan(220);
      stops.forEach((stop, i) => {
        if (i > 0) expect(stop).toBeGreaterThan(stops[i - 1]!);
        expect(stop).toBeGreaterThanOrEqual(setting.min);
        expect(stop).toBeLessThanOrEqual(setting.max);
        if (setting.integer === true) expect(Number.isInteger(stop)).toBe(true);
      });
      if (setting.scale === "log") expect(stops).toContain(setting.default);
    },
  );

  test("widths double, epochs go 1-2-5, a seed has no slider", () => {
    expect(sliderStops(settings.studentWidth)).toEqual([4, 8, 16, 32, 64, 128]);
    expect(sliderStops(settings.hiddenWidth)?.slice(0, 4)).toEqual([0, 1, 2, 4]);
    expect(sliderStops(settings.epochs)).toEqual([1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000]);
    expect(sliderStops(settings.seed)).toBeNull();
  });

  test("a typed value between stops leaves the slider at the nearest", () => {
    expect(nearestStop([1, 2, 4, 8], 5)).toBe(2);
    expect(nearestStop([1, 2, 4, 8], 99)).toBe(3);
  });
});
