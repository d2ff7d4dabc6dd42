import { expect, test } from "vitest";
import { defaultConfig, type ConfigPatch } from "../../contract/config.ts";
import { presets } from "../../contract/presets.ts";
import type { RunRecord } from "../stores/runHistory.ts";
import { describeTeacherless, teacherlessOf } from "./teacherless.ts";

const photos = { kind: "own", fingerprint: "photos" } as const;
const demo = { kind: "demo", fingerprint: "demo" } as const;

function ended(knn: number | null, patch: ConfigPatch = {}, more: Partial<RunRecord> = {}): RunRecord {
  return {
    runId: `run ${knn}`,
    name: "",
    config: { ...defaultConfig, ...presets.alone.patch, ...patch },
    plan: null,
    end: { kind: "finished" },
    baseline: null,
    evaluations: [
      { step: 300, knn, cosine: null, spread: 1, overlap: null, effectiveRank: null, prefixes: null },
    ],
    last: null,
    datasetName: "",
    dataFingerprint: photos.fingerprint,
    teacherName: "",
    ablation: false,
    ...more,
  };
}

test("runs without a teacher are averaged over their seeds, and only the latest set-up counts", () => {
  const runs = [ended(0.1, { temperature: 0.5 }), ended(0.4), ended(0.6, { seed: 2 })];
  const teacherless = teacherlessOf({ ...defaultConfig, data: "own" }, photos, runs);
  expect(teacherless).toEqual({ knn: 0.5, runs: 2, measured: "thisVisit" });
  expect(describeTeacherless(teacherless!)).toBe("mean of 2 runs of this visit");
  expect(describeTeacherless({ ...teacherless!, runs: 1 })).toBe("1 run of this visit");
});

test("only the same pictures, split, student and length compare", () => {
  const others = [
    ended(0.4, {}, { dataFingerprint: "other" }),
    ended(0.4, {}, { end: { kind: "stopped" } }),
    ended(0.4, { splitSeed: 2 }),
    ended(0.4, { holdout: 0.3 }),
    ended(0.4, { studentWidth: 16 }),
    ended(0.4, { imageSize: 48 }),
    ended(0.4, { steps: 200 }),
    ended(0.4, { batchSize: 64 }),
    ended(0.4, { method: "disco", teacher: "bundled" }),
    ended(null),
  ];
  expect(teacherlessOf(defaultConfig, photos, others)).toBeNull();
  expect(teacherlessOf(defaultConfig, photos, [...others, ended(0.3, { evaluateEvery: 7 })])?.knn).toBe(0.3);
});

test("the demo set has a value measured beforehand, for the defaults alone, until this visit has its own", () => {
  expect(teacherlessOf(defaultConfig, demo, [])).toMatchObject({ runs: 5, measured: "beforehand" });
  expect(teacherlessOf(defaultConfig, demo, [])?.knn).toBeCloseTo(0.666, 3);
  expect(teacherlessOf({ ...defaultConfig, steps: 600 }, demo, [])).toBeNull();
  const own = ended(0.7, {}, { dataFingerprint: demo.fingerprint });
  expect(teacherlessOf(defaultConfig, demo, [own])).toEqual({ knn: 0.7, runs: 1, measured: "thisVisit" });
});

test("a run without a teacher has no such line itself", () => {
  expect(teacherlessOf({ ...defaultConfig, ...presets.alone.patch }, demo, [ended(0.5)])).toBeNull();
});
