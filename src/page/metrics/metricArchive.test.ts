import { expect, test } from "vitest";
import { metricColumns } from "../../contract/metrics.ts";
import { hasMetricLog, metricLogOf, replaceMetricLog } from "./metricArchive.ts";

test("of more than 200 logs those are forgotten that were not asked for the longest", () => {
  const row = new Float32Array(metricColumns.length);
  replaceMetricLog("present", row);
  const present = metricLogOf("present");
  for (let i = 0; i < 300; i++) {
    replaceMetricLog(`r${i}`, row);
    metricLogOf("present");
  }
  expect(metricLogOf("present")).toBe(present);
  expect(hasMetricLog("r299")).toBe(true);
  expect(hasMetricLog("r101")).toBe(true);
  expect(hasMetricLog("r100")).toBe(false);
});
