import { expect, test } from "vitest";
import type { RunFile } from "../src/contract/runFile.ts";
import type { TeacherCard } from "../src/contract/teacher.ts";
import { differencesFrom } from "./repeatedRun.ts";

const dataset = { name: "pets", count: 40, fingerprint: "ab12" };
const teacher = {
  name: "a.onnx",
  architecture: "ONNX",
  embeddingDim: 384,
  parameters: 22e6,
  recipe: { pooling: "firstToken", inputSize: 224 },
} as TeacherCard;
const repeated = { dataset, dataFingerprint: "ab12", teacher } as unknown as RunFile;

test("the same images and the same teacher under another name are no difference", () => {
  expect(differencesFrom(repeated, { dataset, teacher: { ...teacher, name: "b.onnx" } })).toEqual([]);
  expect(differencesFrom({ ...repeated, teacher: null }, { dataset, teacher: null })).toEqual([]);
});

test("other images, another use of the teacher and changes on the way are told", () => {
  const lines = differencesFrom(
    {
      ...repeated,
      adjustments: [
        { step: 3, patch: { temperature: 0.3 } },
        { step: 9, patch: { temperature: 0.1, learningRate: 0.01 } },
      ],
    },
    {
      dataset: { name: "birds", count: 12, fingerprint: "cd34" },
      teacher: { ...teacher, recipe: { pooling: "mean", inputSize: 224 } as TeacherCard["recipe"] & object },
    },
  );
  expect(lines).toEqual([
    "The images are not those of the run that is repeated: 12 from “birds” now, 40 from “pets” then.",
    "The teacher is not that of the run that is repeated: “a.onnx”, ONNX (mean, 224) now, “a.onnx”, ONNX (firstToken, 224) then.",
    expect.stringContaining(
      "changed on the way, in the end to temperature=0.1, learningRate=0.01, from step 3 on.",
    ),
  ]);
});
