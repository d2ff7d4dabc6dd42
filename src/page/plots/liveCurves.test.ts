import { expect, test } from "vitest";
import { metricColumns } from "../../contract/metrics.ts";
import { createPrng } from "../../lib/prng.ts";
import type { RunData } from "./chartData.ts";
import { chartSpecs, collect } from "./chartData.ts";
import { LiveCurves } from "./liveCurves.ts";
import { createMetricLog, type MetricLog } from "../metrics/metricLog.ts";
import { MovingAverage } from "./smoothing.ts";

const losses = chartSpecs.find(({ id }) => id === "losses")!;
const runOf = (log: MetricLog): RunData => ({
  log,
  evaluations: [],
  baseline: null,
  stepsPerEpoch: 10,
  batchSize: 8,
  totalSteps: 0,
  teacherless: null,
});

/** Steps with noisy losses and no distillation. */
function appendSteps(log: MetricLog, count: number): void {
  const prng = createPrng(log.length, "metrics");
  const rows = Array.from({ length: count }, (_, i) =>
    metricColumns.map((name) => {
      if (name === "step") return log.length + i + 1;
      if (name === "elapsedMs") return (log.length + i + 1) * 250;
      return name === "distillation" ? 0 : prng.normal();
    }),
  );
  log.append(new Float32Array(rows.flat()));
}

test("a short run is drawn in full, what is absent left out", () => {
  const log = createMetricLog();
  appendSteps(log, 40);
  const { data, smoothed } = new LiveCurves(losses, 0.6).read(runOf(log), "epoch", null);
  const all = collect(losses, runOf(log), "epoch");
  expect(data.xEnd).toBe(4);
  data.series.forEach(({ label, x, y }, i) => {
    expect([label, [...Array.from(x)], [...Array.from(y)]]).toEqual([
      all.series[i]!.label,
      [...Array.from(all.series[i]!.x)],
      [...Array.from(all.series[i]!.y)],
    ]);
  });
  expect(data.series.find(({ label }) => label === "Distillation")?.y).toHaveLength(0);
  expect([...smoothed.get("Total")!]).toEqual([...new MovingAverage(0.6).update(log.column("loss"))]);
});

test("a long run is drawn by few of its values, the smooth curve through all of them", () => {
  const log = createMetricLog();
  const growing = new LiveCurves(losses, 0.9);
  while (log.length < 20_000) {
    appendSteps(log, 777);
    growing.read(runOf(log), "step", null);
  }
  const { data, smoothed } = growing.read(runOf(log), "step", null);
  const [total] = data.series;
  expect(total!.x.length).toBeLessThan(5000);
  const wholeAverage = new MovingAverage(0.9).update(log.column("loss"));
  Array.from(total!.x).forEach((step, i) => {
    expect(total!.y[i]).toBe(log.column("loss")[step - 1]);
    expect(smoothed.get("Total")![i]).toBe(wholeAverage[step - 1]);
  });
  expect(Math.max(...Array.from(total!.y))).toBe(Math.max(...log.column("loss")));
});

test("another run begins afresh", () => {
  const curves = new LiveCurves(losses, 0);
  const [first, second] = [createMetricLog(), createMetricLog()];
  appendSteps(first, 9);
  appendSteps(second, 3);
  curves.read(runOf(first), "step", null);
  const { data, smoothed } = curves.read(runOf(second), "step", null);
  expect(data.series[0]!.x).toHaveLength(3);
  expect(smoothed.size).toBe(0);
});

test.each([
  ["step", { from: 4000.5, to: 4100 }],
  ["epoch", { from: 400.05, to: 410 }],
  ["seconds", { from: 1000.125, to: 1025 }],
] as const)("zoomed into, every row shows, and one beyond either edge: by %s", (unit, zoom) => {
  const log = createMetricLog();
  appendSteps(log, 20_000);
  const curves = new LiveCurves(losses, 0.9);
  curves.read(runOf(log), unit, null);
  const { data, smoothed } = curves.read(runOf(log), unit, zoom);
  const steps = [...Array.from({ length: 101 }, (_, i) => 4000 + i), 20_000]; // and the newest
  const perUnit = { step: 1, epoch: 10, seconds: 4 }[unit];
  expect(Array.from(data.series[0]!.x)).toEqual(steps.map((step) => step / perUnit));
  expect(Array.from(data.series[0]!.y)).toEqual(steps.map((step) => log.column("loss")[step - 1]));
  const wholeAverage = new MovingAverage(0.9).update(log.column("loss"));
  expect([...smoothed.get("Total")!]).toEqual(steps.map((step) => wholeAverage[step - 1]));
});

test("a zoom beyond the newest step fills as the run goes on, and out again shows all", () => {
  const log = createMetricLog();
  const curves = new LiveCurves(losses, 0);
  const zoom = { from: 8, to: 12 };
  const stepsInSight: number[][] = [];
  while (log.length < 15) {
    appendSteps(log, 5);
    stepsInSight.push([...Array.from(curves.read(runOf(log), "step", zoom).data.series[0]!.x)]);
  }
  expect(stepsInSight).toEqual([[5], [5, 6, 7, 8, 9, 10], [5, 6, 7, 8, 9, 10, 11, 12, 15]]);
  expect(curves.read(runOf(log), "step", null).data.series[0]!.x).toHaveLength(15);
});
