import { expect, test } from "vitest";
import { augmentationIsSound, formatAugmentation, type AugmentReport } from "./augmentPart.ts";

const measured = (medianMs: number, agrees: boolean) => ({
  ...{ medianMs, minMs: medianMs, maxMs: medianMs, repetitions: 3 },
  ...{ viewsPerSecond: 128_000 / medianMs, difference: agrees ? 1e-7 : 0.7, agrees },
});
const report = (canvasAgrees: boolean): AugmentReport => ({
  job: { images: 64, storedSide: 96, viewSide: 64 },
  contestants: { canvas: measured(40, canvasAgrees), "ours-webgpu": measured(10, true) },
  failures: [],
});

test("ratios are printed of equal views only", () => {
  const [, , canvas, ours] = formatAugmentation(report(true)).split("\n");
  expect(canvas!.split(/\s+/)).toEqual(["canvas", "40.0", "40.0", "3200", "1e-7", "1.00", "0.250"]);
  expect(ours!.split(/\s+/)).toEqual(["ours-webgpu", "10.0", "10.0", "12800", "1e-7", "4.00", "1.00"]);
  const different = formatAugmentation(report(false)).split("\n")[3]!;
  expect(different.split(/\s+/).slice(-2)).toEqual(["–", "1.00"]);
});

test("other views, or a contestant that did not start, are no sound result", () => {
  expect(augmentationIsSound(report(true))).toBe(true);
  expect(augmentationIsSound(report(false))).toBe(false);
  expect(augmentationIsSound({ ...report(true), failures: ["canvas: no context"] })).toBe(false);
});
