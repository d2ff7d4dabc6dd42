import fc from "fast-check";
import { expect, test } from "vitest";
import { ablationAxes } from "./ablationAxes.ts";
import { ablationAxisNames, axisOptions, settingOfAxis } from "./ablationDesign.ts";
import { formatDesign, parseDesign } from "./ablationText.ts";
import { presets } from "./presets.ts";
import { prefixDims } from "./prefixDims.ts";

const anyDesign = fc.constantFrom(...ablationAxisNames).chain((axis) => {
  const names = Object.keys(axisOptions(axis) ?? {});
  const setting = settingOfAxis(axis);
  const value =
    axis === "nestedDim"
      ? fc.constantFrom(...prefixDims(2048))
      : setting?.kind === "number"
        ? setting.integer === true
          ? fc.integer({ min: setting.min, max: setting.max })
          : fc.double({ min: setting.min, max: setting.max, noNaN: true }).map((number) => number + 0)
        : fc.constantFrom(...names);
  return fc.record({
    axis: fc.constant(axis),
    values: fc.uniqueArray(value as fc.Arbitrary<number | string>, { minLength: 1, maxLength: 24 }),
    seeds: fc.uniqueArray(fc.integer({ min: 0, max: 4294967295 }), { minLength: 1, maxLength: 24 }),
    steps: fc.integer({ min: 1, max: 1_000_000 }),
    withTeacherless: fc.boolean(),
    stopsHopeless: fc.boolean(),
  });
});

test("every design comes back exactly, and needs no escapes in an address", () => {
  fc.assert(
    fc.property(anyDesign, (design) => {
      const text = formatDesign(design);
      expect(parseDesign(text)).toEqual({ design });
      expect(encodeURIComponent(text)).toBe(text);
    }),
  );
  expect(formatDesign({ ...presets.bottleneck.design, values: [8, 64], stopsHopeless: true })).toBe(
    "hiddenWidth~8_64~1_2_3~200~early",
  );
});

test.each([
  ["", /varies nothing/],
  ["__proto__~1~1~1", /varies nothing/],
  ["learningRate~0.1~1~10", /varies nothing/],
  ["hiddenWidth~~1~10", /values: give at least one/],
  ["hiddenWidth~8_wide~1~10", /values: "wide" is not a number/],
  ["method~disco_magic~1~10", /values: "magic"/],
  ["hiddenWidth~8~-1~10", /seeds: -1 is outside/],
  ["hiddenWidth~8~1~0", /steps: 0 is outside/],
  ["hiddenWidth~8~1", /steps: give at least one/],
  ["hiddenWidth~8~1~10_20", /steps: is more than one/],
  ["hiddenWidth~8~1~10~soon", /options/],
  [`hiddenWidth~${Array.from({ length: 25 }, (_, i) => i).join("_")}~1~10`, /25 values/],
])("what is no design is refused with words: %s", (text, problem) => {
  expect(parseDesign(text)).toEqual({ problem: expect.stringMatching(problem) as string });
});

test("the usual values of every axis make a design", () => {
  for (const axis of ablationAxisNames) {
    const design = { ...presets.bottleneck.design, axis, values: ablationAxes[axis].usual };
    expect(parseDesign(formatDesign(design))).toEqual({ design });
  }
});
