import { expect, test } from "vitest";
import { compareRuns } from "./compareRuns.ts";
import { recordOf } from "./testing/recordOf.ts";

test("only what differs is told, settings as a person reads them, and images too", () => {
  const first = recordOf({ hiddenWidth: 8, seed: 1, optimiser: "sgd" });
  const second = recordOf({ hiddenWidth: 64, seed: 1 }, { dataFingerprint: "ffff", datasetName: "photos" });
  const rows = compareRuns(first, second).map(({ label, first: a, second: b }) => `${label}: ${a} → ${b}`);
  expect(rows).toHaveLength(3);
  expect(rows).toContain("Images learnt from: demo ab12 → photos ffff");
  expect(rows.some((row) => /8.* → 64/.test(row))).toBe(true);
  expect(rows.some((row) => /SGD.* → Muon/.test(row))).toBe(true);
  expect(compareRuns(first, first)).toEqual([]);
});
