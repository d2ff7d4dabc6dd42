import { expect, it } from "vitest";
import { sampleRun } from "../../formats/testing/sampleRun.ts";
import { createMetricLog } from "../metrics/metricLog.ts";
import { runReport } from "./runReport.ts";

it("is one file with everything in it, which runs and loads nothing", () => {
  const log = createMetricLog();
  const columns = 8;
  const rows = new Float32Array(20_000 * columns);
  for (let i = 0; i < 20_000; i++)
    rows.set([i + 1, 5 / (1 + i / 100), 3, 1, 0.5, 0.03, 200, i * 10], i * columns);
  log.append(rows);
  const run = { ...sampleRun, dataset: { ...sampleRun.dataset, name: "<script>alert(1)</script>" } };
  const { evaluations, baseline } = run.metrics;
  const html = runReport(run, {
    log,
    evaluations,
    baseline,
    stepsPerEpoch: 10,
    batchSize: 8,
    totalSteps: 20_000,
    teacherless: null,
  });
  expect(html).toContain("default-src 'none'");
  expect(html).not.toMatch(/<script|<link|<img|href=|src="|@import/);
  expect(html).toContain("What is being minimised?");
  expect(html).toContain("Temperature");
  expect(html).toContain("&#34;formatVersion&#34;: 1");
  expect(new TextEncoder().encode(html).length).toBeLessThan(2e6);
});
