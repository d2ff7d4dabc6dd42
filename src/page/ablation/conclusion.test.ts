import { expect, test } from "vitest";
import { presets } from "../../contract/presets.ts";
import { compareWithBaseline, conclude, leadsWithLoss } from "./conclusion.ts";
import { measures } from "../trials/measures.ts";
import type { AblationPoint } from "../trials/summarise.ts";

const design = presets.bottleneck.design;
const point = (value: number, mean: number, half: number | null, n = 3): AblationPoint => ({
  value,
  mean,
  interval: half === null ? null : { low: mean - half, high: mean + half },
  seeds: Array.from({ length: n }, (_, i) => ({ seed: i, y: mean, runId: `${i}` })),
});

test("names the best, and those it does not differ from", () => {
  const points = [point(8, 0.3, 0.02), point(64, 0.6, 0.03), point(256, 0.58, 0.02)];
  expect(conclude(design, points, measures.knn)).toBe(
    "By kNN accuracy, best is 64, and the 95 % intervals of best and worst do not overlap. 64 has 60.0 % (57.0 % to 63.0 %), the worst, 8, 30.0 % (28.0 % to 32.0 %); 3 seeds each. No clear difference from the best: 256.",
  );
});

test("says that there is no clear difference where intervals overlap, or touch", () => {
  for (const half of [0.1, 0.0625])
    expect(conclude(design, [point(8, 0.5, half, 2), point(64, 0.625, half)], measures.knn)).toMatch(
      /^No clear difference in kNN accuracy: .*; 3 and 2 seeds\.$/,
    );
  expect(conclude(design, [point(8, 0.5, 0.06), point(64, 0.625, 0.06)], measures.knn)).toMatch(/^By kNN/);
});

test("two seeds give a hint at most", () => {
  expect(conclude(design, [point(8, 0.3, 0.02, 2), point(64, 0.6, 0.03, 3)], measures.knn)).toMatch(
    /^By kNN accuracy, best so far is 64\. .*; 3 and 2 seeds\. With two seeds .* hint: run more\.$/,
  );
});

test("the best is told against the runs without a teacher", () => {
  const points = [point(8, 0.3, 0.02), point(64, 0.6, 0.03)];
  const told = (mean: number, half: number, n = 3): string =>
    compareWithBaseline(points, point(0, mean, half, n), measures.knn);
  expect(told(0.5, 0.02)).toBe(
    "Without a teacher it is 50.0 % (48.0 % to 52.0 %): the best is clearly above that.",
  );
  expect(told(0.5, 0.02, 2)).toMatch(/above that, but not clearly/);
  expect(told(0.58, 0.02)).toMatch(/above that, but not clearly/);
  expect(told(0.6, 0.02)).toMatch(/no value does better/);
  expect(compareWithBaseline(points, null, measures.knn)).toBe("");
  expect(compareWithBaseline([], point(0, 0.5, 0.1), measures.knn)).toBe("");
});

test("of losses the lowest is best", () => {
  expect(conclude(design, [point(8, 0.9, 0.1), point(64, 0.4, 0.1)], measures.distillation)).toMatch(
    /^By distillation loss, best is 64,/,
  );
});

test("one seed decides nothing, one value compares with nothing", () => {
  expect(conclude(design, [point(8, 0.3, null, 1), point(64, 0.6, null, 1)], measures.knn)).toMatch(
    /best so far is 64\..*1 seed each\. One seed does not tell/,
  );
  expect(conclude(design, [point(8, 0.3, 0.1)], measures.knn)).toMatch(/One value alone/);
  expect(conclude(design, [], measures.knn)).toBe("");
});

test("the loss leads where accuracies differ by no more than the longest interval", () => {
  const losses = [point(8, 0.9, 0.1), point(64, 0.4, 0.1)];
  const noisy = [point(8, 0.5, 0.08), point(64, 0.62, 0.01)];
  const clear = [point(8, 0.5, 0.05), point(64, 0.62, 0.01)];
  expect(leadsWithLoss(design, noisy, losses)).toBe(true);
  expect(leadsWithLoss(design, clear, losses)).toBe(false);
  const equal = [point(8, 0.5, 0), point(64, 0.5, 0)];
  expect(leadsWithLoss(design, equal, losses)).toBe(true);
  expect(leadsWithLoss(design, [], losses)).toBe(true);
  expect(leadsWithLoss(design, noisy, [])).toBe(false);
  expect(leadsWithLoss({ ...design, axis: "teacherBatchNorm" }, noisy, losses)).toBe(false);
});
