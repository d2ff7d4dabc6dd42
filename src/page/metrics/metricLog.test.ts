import { describe, expect, test } from "vitest";
import { metricColumns } from "../../contract/metrics.ts";
import { createMetricLog, lastRow, rowsUpTo } from "./metricLog.ts";

const width = metricColumns.length;
const rowsOf = (...steps: number[]) =>
  new Float32Array(steps.flatMap((step) => metricColumns.map((_, column) => step + column / 8)));

describe("metric log", () => {
  test("keeps every value in order across many doublings, whatever the size of the ticks", () => {
    const log = createMetricLog();
    let next = 1;
    for (let tick = 0; next <= 5000; tick++) {
      const steps = Array.from({ length: (tick * 7) % 13 }, () => next++);
      log.append(rowsOf(...steps));
    }
    expect(log.length).toBe(next - 1);
    metricColumns.forEach((name, column) => {
      const expected = Float32Array.from({ length: next - 1 }, (_, i) => i + 1 + column / 8);
      expect(log.column(name)).toEqual(expected);
    });
  });

  test("gives the last row by name, and none of an empty log", () => {
    const log = createMetricLog();
    expect(lastRow(log)).toBeNull();
    log.append(rowsOf(1, 2));
    expect(lastRow(log)).toMatchObject({ step: 2, loss: 2.125, contrastive: 2.25, distillation: 2.375 });
    expect(log.row(5)).toBeNull();
  });

  test("refuses a torn row", () => {
    expect(() => createMetricLog().append(new Float32Array(width + 1))).toThrow(/9/);
  });

  test("finds rows by step although steps need not start at 1 or be dense", () => {
    const log = createMetricLog();
    log.append(rowsOf(5, 10, 11, 40));
    expect([0, 4, 5, 9, 10, 39, 40, 99].map((step) => rowsUpTo(log, step))).toEqual([0, 0, 1, 1, 2, 3, 4, 4]);
  });
});
