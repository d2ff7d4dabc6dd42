import { expect, test } from "vitest";
import type { BackendReport } from "../../contract/backend.ts";
import { defaultConfig } from "../../contract/config.ts";
import type { DatasetSummary } from "../../contract/dataset.ts";
import type { RunPlan } from "../../contract/protocol.ts";
import type { RunFile } from "../../contract/runFile.ts";
import { datasetStore } from "../stores/datasetStore.ts";
import { engineStore } from "../stores/engineStore.ts";
import { runStore } from "../stores/runStore.ts";
import { metricColumns } from "../../contract/metrics.ts";
import { createMetricLog } from "../metrics/metricLog.ts";
import { csvFile, toCsv } from "../../formats/csvTable.ts";
import { currentRunFile, metricRows } from "./exportRun.ts";

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
  expect(
    toCsv(
      metricRows(log, [
        { step: 0, knn: null, cosine: null, spread: 1, overlap: null, effectiveRank: null, prefixes: null },
      ]),
    ),
  ).toBe(`${metricColumns.join(",")}\n1,0.1,2.5,4,0.25,0.03,100,320\n2,NaN,2,3,0.5,0.02,120,500\n`);
});

test("accuracy, overlap and effective rank stand on the steps where they were measured", () => {
  const evaluations = [0, 2].map((step) => ({
    step,
    knn: 0.125 * (step + 1),
    cosine: null,
    spread: 1,
    overlap: step === 0 ? null : 0.6,
    effectiveRank: 3.5,
    prefixes: null,
  }));
  const lines = toCsv(metricRows(log, evaluations)).split("\n");
  expect(lines[0]).toBe(
    "step,loss,contrastive,distillation,cosine,learningRate,imagesPerSecond,elapsedMs,knn,overlap,effectiveRank",
  );
  expect(lines[1]).toMatch(/,320,,,$/);
  expect(lines[2]).toMatch(/,500,0\.375,0\.6,3\.5$/);
});

test("what is written while the run goes on is the run as it was when asked for", async () => {
  const growing = createMetricLog();
  const rowOf = (step: number): number[] =>
    metricColumns.map((_, c) => (c === 0 ? step : Math.sin(step + c)));
  const append = (from: number, count: number): void =>
    growing.append(
      Float32Array.from({ length: count }, (_, i) => i).reduce(
        (rows, i) => (rows.set(rowOf(from + i), i * metricColumns.length), rows),
        new Float32Array(count * metricColumns.length),
      ),
    );
  append(1, 20_000);
  const wanted = toCsv(metricRows(growing, []));
  const writing = csvFile(metricRows(growing, []));
  append(20_001, 50_000); // the columns move to larger memory
  expect(await (await writing).text()).toBe(wanted);
});

test("run.json keeps the names of the labels, as they are", () => {
  const labels = ["caf\u00e9", "tea\u202e"];
  const summary = { kind: "own", name: "drinks", labels, labelCounts: [3, 4] } as unknown as DatasetSummary;
  datasetStore.setState({ summary });
  engineStore.setState({ report: { chosen: "wasm", adapter: "CPU" } as BackendReport });
  runStore.setState({ plan: { config: { ...defaultConfig, method: "mocov2" } } as RunPlan });
  const file = JSON.parse(JSON.stringify(currentRunFile())) as RunFile;
  expect(file.dataset.labels).toEqual(labels);
});
