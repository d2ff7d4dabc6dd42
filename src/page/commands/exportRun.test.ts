import { expect, test } from "vitest";
import { metricColumns } from "../../contract/metrics.ts";
import { createMetricLog } from "../plots/metricLog.ts";
import { metricsCsv } from "./exportRun.ts";

const log = createMetricLog();
log.append(
  new Float32Array(
    [
      [1, 0.1, 2.5, 4, 0.25, 0.03, 100, 320],
      [2, Number.NaN, 2, 3, 0.5, 0.02, 120, 500],
    ].flat(),
  ),
);

test("one line a step, the columns in their order, shortest numbers that read back the same", () => {
  expect(metricsCsv(log, [{ step: 0, knn: null, cosine: null, spread: 1 }])).toBe(
    `${metricColumns.join(",")}\n1,0.1,2.5,4,0.25,0.03,100,320\n2,NaN,2,3,0.5,0.02,120,500\n`,
  );
});

test("accuracy stands on the steps where it was measured", () => {
  const evaluations = [0, 2].map((step) => ({ step, knn: 0.125 * (step + 1), cosine: null, spread: 1 }));
  const lines = metricsCsv(log, evaluations).split("\n");
  expect(lines[0]).toBe(
    "step,loss,contrastive,distillation,cosine,learningRate,imagesPerSecond,elapsedMs,knn",
  );
  expect(lines[1]).toMatch(/,320,$/);
  expect(lines[2]).toMatch(/,500,0\.375$/);
});
