import { expect, test } from "vitest";
import { metricColumns } from "../../contract/metrics.ts";
import type { RunData } from "./chartData.ts";
import { align, chartSpecs, collect, readReference, referencesOf } from "./chartData.ts";
import { createMetricLog } from "../metrics/metricLog.ts";

const spec = (id: string) => chartSpecs.find((candidate) => candidate.id === id)!;

function runOf(steps: number, absent: readonly string[] = []): RunData {
  const log = createMetricLog();
  const rows = Array.from({ length: steps }, (_, i) =>
    metricColumns.map((name) => {
      if (absent.includes(name)) return 0;
      return name === "step" ? i + 1 : name === "elapsedMs" ? (i + 1) * 500 : 10 + i;
    }),
  );
  log.append(new Float32Array(rows.flat()));
  return {
    log,
    evaluations: [
      { step: 0, knn: 0.1, cosine: 0, spread: 1, overlap: null, effectiveRank: null, prefixes: null },
      { step: 4, knn: null, cosine: 0.5, spread: 1, overlap: null, effectiveRank: null, prefixes: null },
      { step: 6, knn: 0.6, cosine: 0.7, spread: 1, overlap: null, effectiveRank: null, prefixes: null },
    ],
    baseline: {
      teacherKnn: null,
      untrainedKnn: 0.1,
      teacherPrefixes: null,
      untrainedOverlap: null,
      chance: 0.25,
      neighbours: 20,
      temperature: 0.1,
      bankImages: 80,
      queryImages: 20,
    },
    stepsPerEpoch: 3,
    batchSize: 8,
    totalSteps: 0,
    teacherless: null,
  };
}

test("x is counted in steps, epochs, seconds or images, for steps and for evaluations alike", () => {
  const run = runOf(6);
  const xOf = (unit: "step" | "epoch" | "seconds" | "images") =>
    collect(spec("cosine"), run, unit).series.map(({ x }) => Array.from(x));
  expect(xOf("step")).toEqual([
    [1, 2, 3, 4, 5, 6],
    [0, 4, 6],
  ]);
  expect(xOf("seconds")).toEqual([
    [0.5, 1, 1.5, 2, 2.5, 3],
    [0, 2, 3],
  ]);
  expect(xOf("epoch")[1]).toEqual([0, 4 / 3, 2]);
  expect(xOf("images")[1]).toEqual([0, 32, 48]);
});

test("what could not be judged is left out, as are references nobody has", () => {
  const { series, references } = collect(spec("knn"), runOf(6), "step");
  expect(series[0]).toMatchObject({ x: [0, 6], y: [0.1, 0.6] });
  expect(references.map(({ label, y }) => [label, y])).toEqual([
    ["Untrained student", 0.1],
    ["Chance", 0.25],
  ]);
});

test("what the student reaches without a teacher says how often and when it was measured", () => {
  const run = { ...runOf(6), teacherless: { knn: 0.666, runs: 5, measured: "beforehand" } as const };
  const [first] = referencesOf(spec("knn"), run);
  expect(first).toMatchObject({ label: "Without a teacher", y: 0.666 });
  expect(readReference(spec("knn"), first!)).toBe("66.6 % (mean of 5 runs measured beforehand)");
  expect(referencesOf(spec("overlap"), run)).toEqual([]);
});

test("parts that the method does not have make no curves", () => {
  const { series } = collect(spec("losses"), runOf(3, ["distillation"]), "step");
  expect(series.map(({ label, y }) => [label, y.length])).toEqual([
    ["Total", 3],
    ["Contrastive", 3],
    ["Distillation", 0],
  ]);
});

test("series of different x come together without losing or inventing values", () => {
  expect(
    align([
      { x: [1, 2, 3], y: [10, Number.NaN, 30] },
      { x: [0, 2, 9], y: [5, 6, 7] },
    ]),
  ).toEqual({
    x: [0, 1, 2, 3, 9],
    columns: [
      [undefined, 10, Number.NaN, 30, undefined],
      [5, undefined, 6, undefined, 7],
    ],
  });
});
