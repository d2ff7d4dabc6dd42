import { expect, test } from "vitest";
import { defaultConfig } from "../../contract/config.ts";
import { runName } from "./runName.ts";

const named = (patch: Partial<typeof defaultConfig>) => runName({ ...defaultConfig, ...patch });

test("is what differs from the defaults, in words", () => {
  expect(named({})).toBe("defaults");
  expect(named({ seed: 3, learningRate: 0.1 })).toBe("learning rate 0.1 · seed 3");
  expect(named({ hiddenWidth: 0 })).toBe("head of a single linear layer");
  expect(named({ method: "mocov2", batchNormGroups: 4 })).toBe(
    "method MoCo-v2 (no teacher) · BatchNorm groups 4",
  );
  expect(named({ knnNeighbours: 5 })).toBe("kNN neighbours 5");
});

test("does not grow without end, and keeps its seed", () => {
  const many = { learningRate: 0.1, batchSize: 8, epochs: 1, imageSize: 64, momentum: 0.5 };
  expect(named(many)).toBe("view size 64 · batch 8 · epochs 1 · 2 more");
  expect(named({ ...many, seed: 3 })).toBe("view size 64 · batch 8 · 3 more · seed 3");
});
