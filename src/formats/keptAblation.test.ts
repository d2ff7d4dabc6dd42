import { expect, test } from "vitest";
import { defaultConfig } from "../contract/config.ts";
import { formatKeptAblation, parseKeptAblation, type KeptAblation } from "./keptAblation.ts";

const kept: KeptAblation = {
  design: {
    axis: "method",
    values: ["seed", "disco"],
    seeds: [3],
    steps: 20,
    withTeacherless: true,
    stopsHopeless: false,
  },
  config: { ...defaultConfig, learningRate: 0.07 },
  dataFingerprint: "00ff",
  jobs: [
    {
      value: "seed",
      seed: 3,
      state: "done",
      runId: "run-a-1",
      attempts: 1,
      result: {
        knn: 0.5,
        distillation: 0.25,
        prefixes: [{ dims: 4, knn: 0.25 }],
        baseline: {
          teacherKnn: 0.9,
          teacherPrefixes: null,
          untrainedKnn: null,
          chance: 0.1,
          queryImages: 40,
        },
      },
      seconds: 12.5,
      problem: "",
    },
    {
      value: null,
      seed: 3,
      state: "queued",
      runId: "",
      attempts: 0,
      result: null,
      seconds: null,
      problem: "",
    },
  ],
};

test("an ablation that is kept is read back as it was", () => {
  expect(parseKeptAblation(formatKeptAblation(kept))).toEqual(kept);
  const long = { ...kept.jobs[1]!, problem: "x".repeat(10_000) };
  expect(parseKeptAblation(formatKeptAblation({ ...kept, jobs: [long] })).jobs[0]?.problem).toHaveLength(
    2000,
  );
});

const whole = JSON.parse(formatKeptAblation(kept)) as Record<string, unknown>;
const [first, second] = whole["jobs"] as Record<string, unknown>[];

test.each([
  ["cut off", formatKeptAblation(kept).slice(0, 100)],
  ["of a later version", JSON.stringify({ ...whole, formatVersion: 2 })],
  ["of another design", JSON.stringify({ ...whole, design: "method~seed~3~20" })],
  ["of no design", JSON.stringify({ ...whole, design: "gravity~1~1~1" })],
  ["with a setting out of range", JSON.stringify({ ...whole, config: { batchSize: -1 } })],
  ["with a job twice", JSON.stringify({ ...whole, jobs: [first, first] })],
  ["with an id that is a path", JSON.stringify({ ...whole, jobs: [{ ...first, runId: "../x" }] })],
  ["with an accuracy of 3", JSON.stringify({ ...whole, jobs: [{ ...first, result: { knn: 3 } }, second] })],
  ["without jobs", JSON.stringify({ ...whole, jobs: [] })],
])("one that is %s is refused", (_, text) => {
  expect(() => parseKeptAblation(text)).toThrow(/What is kept of an ablation/);
});
