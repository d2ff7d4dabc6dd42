import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { defaultConfig } from "../contract/config.ts";
import type { RunFile } from "../contract/runFile.ts";
import { formatRunFile, parseRunFile } from "./runFile.ts";
import { readsOrRefuses, refusalOf } from "./testing/refusal.ts";

const run: RunFile = {
  format: "disco-playground-run",
  formatVersion: 1,
  config: { ...defaultConfig, temperature: 0.1, seed: 3 },
  seed: 3,
  versions: { playground: "0.1.0" },
  backend: "wasm",
  adapter: "4 threads, SIMD",
  dataFingerprint: "ab12",
  dataset: {
    name: "Demo",
    kind: "demo",
    count: 10,
    size: 32,
    labels: ["a", "b"],
    labelCounts: [5, 5],
    fingerprint: "ab12",
    bytes: 30720,
  },
  teacher: {
    name: "Bundled",
    source: "bundled",
    architecture: "ResNet-18, 3×3 stem, width 16",
    head: "MLP 128 → 256 → 128",
    embeddingDim: 128,
    featureDim: 128,
    inputSize: 32,
    preprocessing: "ImageNet mean/std",
    parameters: 700000,
    bytes: 1400000,
    notes: [],
    recipe: { output: "pooled", pooling: "firstToken", inputSize: 224, normalisation: "clip" },
  },
  plan: {
    runId: "r1",
    config: defaultConfig,
    totalSteps: 100,
    stepsPerEpoch: 10,
    trainImages: 8,
    heldOutImages: 2,
    queueSize: 1024,
    embeddingDim: 128,
    projection: "",
    matching: "The student follows.",
    studentParameters: 1000,
    headParameters: 500,
  },
  metrics: {
    end: { kind: "failed", error: { code: "out-of-memory", message: "no room", hint: "smaller batch" } },
    steps: 40,
    elapsedMs: 1234.5,
    baseline: {
      teacherKnn: 0.9,
      untrainedKnn: 0.2,
      chance: 0.5,
      neighbours: 20,
      temperature: 0.1,
      bankImages: 8,
      queryImages: 2,
    },
    evaluations: [{ step: 0, knn: null, cosine: 0.1, spread: 0.9 }],
    last: { step: 40, loss: 3.25 },
  },
};
const altered = (change: (copy: Record<string, object>) => void): string => {
  const copy = structuredClone(run) as unknown as Record<string, object>;
  change(copy);
  return JSON.stringify(copy);
};

describe("run file", () => {
  it("reads back exactly what it writes", () => {
    expect(parseRunFile(formatRunFile(run))).toEqual(run);
    const going: RunFile = { ...run, teacher: null, metrics: { ...run.metrics, end: null, baseline: null } };
    expect(parseRunFile(formatRunFile(going))).toEqual(going);
  });

  it("reads a diverged run, whose last loss is not a number", () => {
    const end = {
      kind: "diverged",
      step: 40,
      message: "loss is NaN",
      hint: "lower the learning rate",
    } as const;
    const diverged: RunFile = { ...run, metrics: { ...run.metrics, end, last: { step: 40, loss: NaN } } };
    expect(parseRunFile(formatRunFile(diverged))).toEqual(diverged);
  });

  it("keeps the live settings that were changed on the way", () => {
    const adjusted: RunFile = {
      ...run,
      adjustments: [
        { step: 10, patch: { learningRate: 0.001 } },
        { step: 25, patch: { temperature: 0.3, distillWeight: 2 } },
      ],
    };
    expect(parseRunFile(formatRunFile(adjusted))).toEqual(adjusted);
    expect(parseRunFile(formatRunFile(run))).not.toHaveProperty("adjustments");
  });

  it("drops what it does not know", () => {
    expect(parseRunFile(altered((copy) => Object.assign(copy, { extra: 1 })))).toEqual(run);
  });

  it.each([
    ["not JSON", "{", /not valid JSON/, ""],
    ["another JSON", "[]", /not a run file/, "expected object"],
    ["a missing part", altered((copy) => delete copy["plan"]), /not a run file/, "plan: "],
    ["a wrong type", altered((copy) => Object.assign(copy, { adapter: 5 })), /not a run file/, "adapter: "],
    [
      "a setting out of range",
      altered((copy) => Object.assign(copy["config"]!, { temperature: 99 })),
      /not a run file/,
      "config.temperature: 99 is outside",
    ],
    [
      "an unknown setting",
      altered((copy) => Object.assign(copy["config"]!, { nonsense: 1 })),
      /not a run file/,
      "config.nonsense: there is no such setting",
    ],
    [
      "a missing setting",
      altered((copy) => delete (copy["config"] as Record<string, unknown>)["hue"]),
      /not a run file/,
      "config.hue: is missing",
    ],
    [
      "an adjustment out of range",
      altered((copy) => Object.assign(copy, { adjustments: [{ step: 3, patch: { temperature: 99 } }] })),
      /not a run file/,
      "adjustments[0].patch.temperature: 99 is outside",
    ],
    [
      "an adjustment at no step",
      altered((copy) => Object.assign(copy, { adjustments: [{ step: -1, patch: {} }] })),
      /not a run file/,
      "adjustments[0].step: ",
    ],
    ["a newer version", altered((copy) => Object.assign(copy, { formatVersion: 2 })), /version "2"/, ""],
  ])("refuses %s and says what is wrong", async (_, text, message, detail) => {
    const refusal = await refusalOf(() => parseRunFile(text));
    expect(refusal.message).toMatch(message);
    expect(refusal.details.join("\n")).toContain(detail);
  });

  it("reads or refuses any JSON, and nothing else", async () => {
    const paths = [
      "config",
      "dataset",
      "plan",
      "metrics",
      "teacher",
      "seed",
      "versions",
      "backend",
      "adjustments",
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...paths),
        fc.jsonValue(),
        fc.boolean(),
        async (path, value, inside) => {
          const copy = JSON.parse(formatRunFile(run)) as Record<string, unknown>;
          const target = copy[path];
          if (inside && typeof target === "object" && target !== null) {
            const key = Object.keys(target)[0]!;
            (target as Record<string, unknown>)[key] = value;
          } else copy[path] = value;
          await readsOrRefuses(() => parseRunFile(JSON.stringify(copy)));
        },
      ),
      { numRuns: 300 },
    );
    await fc.assert(
      fc.asyncProperty(fc.string(), async (text) => {
        expect(await readsOrRefuses(() => parseRunFile(text))).toBe("refused");
      }),
      { numRuns: 200 },
    );
  });
});
