import { expect, it } from "vitest";
import { defaultConfig } from "./config.ts";
import { describeMatching, sharedEmbeddingDim } from "./matching.ts";
import type { TeacherCard } from "./teacher.ts";

const card: TeacherCard = {
  name: "teacher",
  source: "safetensors",
  architecture: "ResNet-50",
  head: "MLP 2048 → 2048 → 128",
  embeddingDim: 128,
  featureDim: 2048,
  inputSize: 224,
  preprocessing: "ImageNet mean/std",
  parameters: 1,
  bytes: 4,
  notes: [],
};
const headless: TeacherCard = { ...card, head: "none: pooled features", embeddingDim: 2048 };

it("says whose width the student's output has, and what a PCA is of", () => {
  expect(sharedEmbeddingDim(defaultConfig, card)).toBe(128);
  expect(describeMatching(defaultConfig, card)).toBe(
    "The student's output follows the teacher: 128 dimensions, matched with its embedding directly.",
  );
  expect(sharedEmbeddingDim({ ...defaultConfig, embeddingDim: 64 }, headless)).toBe(64);
  expect(describeMatching({ ...defaultConfig, embeddingDim: 64, teacherViews: "plain" }, headless)).toBe(
    "The teacher has no projection head: its pooled features are what is matched. A PCA of the teacher's 2048-dimensional features, fitted on the plain images, gives the 64 dimensions asked for; the student's output is matched with those.",
  );
});

it("says nothing where nothing is matched", () => {
  expect(describeMatching({ ...defaultConfig, method: "mocov2" }, card)).toBe("");
  expect(describeMatching({ ...defaultConfig, method: "rkd" }, card)).toBe("");
  expect(describeMatching(defaultConfig, null)).toBe("");
  expect(sharedEmbeddingDim(defaultConfig, null)).toBe(128);
});
