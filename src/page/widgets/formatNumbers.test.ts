import { expect, test } from "vitest";
import { formatBytes, formatCount, formatDuration, formatShare } from "./formatNumbers.ts";

test("counts, bytes, durations and shares as a person reads them", () => {
  expect([320, 9999, 49_500, 1_234_567, 23_500_000].map(formatCount)).toEqual([
    "320",
    "9999",
    "49.5 k",
    "1.23 M",
    "23.5 M",
  ]);
  expect([12, 4096, 12_300_000, 2.5e9].map(formatBytes)).toEqual(["12 B", "4.1 kB", "12.3 MB", "2.50 GB"]);
  expect([0, 12.4, 59.6, 200, 3900, Number.NaN, Infinity].map(formatDuration)).toEqual([
    "0 s",
    "12 s",
    "1 min 00 s",
    "3 min 20 s",
    "1 h 05 min",
    "–",
    "–",
  ]);
  expect([0.613, null, undefined].map(formatShare)).toEqual(["61.3 %", "–", "–"]);
});
