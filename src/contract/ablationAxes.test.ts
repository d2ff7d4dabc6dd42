import { describe, expect, test } from "vitest";
import {
  ablationAxes,
  ablationPatch,
  axisScale,
  orderedValues,
  valueLabel,
  valueTick,
  whyNoDifference,
} from "./ablationAxes.ts";
import { ablationAxisNames, parseAxisValue, parseAxisValues } from "./ablationDesign.ts";
import { configDifference, defaultConfig, parseConfigPatch, type Config } from "./config.ts";

const base: Config = { ...defaultConfig, learningRate: 0.07, teacher: "own" };

describe("what a value changes", () => {
  test.each([
    ["hiddenWidth", 64, { hiddenWidth: 64 }],
    ["embeddingDim", 32, { embeddingDim: 32 }],
    ["studentWidth", 16, { studentWidth: 16 }],
    ["distillWeight", 0, { distillWeight: 0 }],
    ["temperature", 0.1, { temperature: 0.1 }],
    ["queueSize", 64, { queueSize: 64 }],
    ["student", "resnet18", { student: "resnet18" }],
    ["teacherBatchNorm", "train", { teacherBatchNorm: "train" }],
    ["method", "seed", { method: "seed" }],
    ["method", "mocov2", { method: "mocov2", teacher: "none" }],
    ["optimiser", "sgd", { optimiser: "sgd" }],
    ["lossParts", "both", {}],
    ["lossParts", "distillation", { contrastiveWeight: 0 }],
    ["lossParts", "contrast", { distillWeight: 0 }],
  ] as const)("%s %s", (axis, value, difference) => {
    expect(configDifference({ ...base, ...ablationPatch(axis, value, base) }, base)).toEqual(difference);
  });

  test("each optimiser takes its usual rate where the rate is the usual one", () => {
    expect(ablationPatch("optimiser", "sgd", defaultConfig)).toEqual({
      optimiser: "sgd",
      learningRate: 0.03,
    });
    expect(ablationPatch("optimiser", "muon", { ...defaultConfig, optimiser: "sgd" })).toEqual({
      optimiser: "muon",
    });
  });

  test("a method that needs a teacher is given one, and both losses have a weight", () => {
    const alone: Config = {
      ...defaultConfig,
      teacher: "none",
      method: "mocov2",
      distillWeight: 0,
      contrastiveWeight: 0.5,
    };
    expect(ablationPatch("method", "disco", alone)).toEqual({ method: "disco", teacher: "bundled" });
    expect(ablationPatch("lossParts", "both", alone)).toEqual({
      method: "disco",
      teacher: "bundled",
      distillWeight: defaultConfig.distillWeight,
      contrastiveWeight: 0.5,
    });
    expect(ablationPatch("lossParts", "distillation", { ...base, method: "doGo" }).method).toBe("doGo");
  });
});

test.each(ablationAxisNames)(
  "%s has values to begin with that are valid, distinct and change something",
  (axis) => {
    const { usual } = ablationAxes[axis];
    expect(parseAxisValues(axis, usual)).toEqual({ values: usual });
    const configs = usual.map((value) => ({ ...base, ...ablationPatch(axis, value, base) }));
    expect(new Set(configs.map((config) => JSON.stringify(config))).size).toBe(usual.length);
    for (const config of configs) expect(parseConfigPatch(config).problems).toEqual([]);
  },
);

test("values that are none are told by name", () => {
  expect(parseAxisValue("lossParts", "neither")).toEqual({
    problem: "is none of both, distillation, contrast",
  });
  expect(parseAxisValue("student", "resnet1000")).toMatchObject({
    problem: expect.stringContaining("resnet1000") as string,
  });
  expect(parseAxisValue("hiddenWidth", "9000")).toEqual({ problem: "9000 is outside 0 … 4096" });
  expect(parseAxisValues("steps", ["0"])).toHaveProperty("problem");
  expect(parseAxisValues("seed", [])).toHaveProperty("problem");
  expect(
    parseAxisValues(
      "seed",
      Array.from({ length: 25 }, (_, i) => i),
    ),
  ).toHaveProperty("problem");
  expect(parseAxisValues("seed", ["3", 3, "1"])).toEqual({ values: [3, 1] });
});

test("widths are drawn on a log axis, temperatures on a linear one, names as they are given", () => {
  expect(["hiddenWidth", "temperature", "method"].map((axis) => axisScale(axis as never))).toEqual([
    "log",
    "linear",
    "named",
  ]);
  const design = { seeds: [1], steps: 1, withTeacherless: false, stopsHopeless: false };
  expect(orderedValues({ ...design, axis: "hiddenWidth", values: [64, 8, 256] })).toEqual([8, 64, 256]);
  expect(orderedValues({ ...design, axis: "method", values: ["seed", "disco"] })).toEqual(["seed", "disco"]);
});

test("values are read as a person says them", () => {
  expect(valueLabel("hiddenWidth", 64)).toBe("64");
  expect(valueLabel("hiddenWidth", 0)).toBe("0 (a single linear layer)");
  expect(valueTick("hiddenWidth", 0)).toBe("0");
  expect(valueLabel("method", "mocov2")).toBe("MoCo-v2 (no teacher)");
  expect(valueTick("method", "mocov2")).toBe("MoCo-v2");
});

test("an axis that the method does not use is said to make no difference", () => {
  expect(whyNoDifference("hiddenWidth", defaultConfig)).toBeNull();
  expect(whyNoDifference("queueSize", { ...defaultConfig, method: "distillOnly" })).toMatch(
    /does not use “Queue”/,
  );
  expect(whyNoDifference("teacherBatchNorm", { ...defaultConfig, method: "mocov2" })).toMatch(/no teacher/);
  expect(whyNoDifference("lossParts", { ...defaultConfig, method: "mocov2" })).toBeNull();
});
