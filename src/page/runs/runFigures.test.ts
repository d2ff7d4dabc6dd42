import { expect, test } from "vitest";
import { metricColumns } from "../../contract/metrics.ts";
import { createMetricLog } from "../metrics/metricLog.ts";
import { smoothedEnd, smoothedKnn } from "./runFigures.ts";

function logOf(losses: readonly number[]) {
  const log = createMetricLog();
  log.append(
    new Float32Array(losses.flatMap((loss, i) => metricColumns.map((name) => (name === "loss" ? loss : i)))),
  );
  return log;
}

test("the end of a curve is the mean of its last tenth, of what is finite in it", () => {
  expect(smoothedEnd(logOf(Array.from({ length: 20 }, (_, i) => i)), "loss")).toBe(18.5);
  expect(smoothedEnd(logOf([...Array.from({ length: 28 }, () => 9), 4, NaN]), "loss")).toBe(6.5);
  expect(smoothedEnd(logOf([5]), "loss")).toBe(5);
  expect(smoothedEnd(logOf([]), "loss")).toBeNull();
});

test("accuracy is smoothed over three evaluations that have one", () => {
  const evaluations = [0.1, 0.4, null, 0.6, 0.8].map((knn) => ({
    ...{ step: 1, cosine: 0, spread: 1, overlap: null, effectiveRank: null },
    knn,
  }));
  expect(smoothedKnn({ evaluations })).toBeCloseTo(0.6, 10);
  expect(smoothedKnn({ evaluations: [] })).toBeNull();
});
