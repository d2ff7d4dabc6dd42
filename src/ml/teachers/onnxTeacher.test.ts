import { expect, test } from "vitest";
import { readOnnxModel } from "../../formats/onnxModel.ts";
import { convolutionalEncoder } from "../../formats/testing/onnxModels.ts";
import { writeOnnx, type WrittenNode } from "../../formats/testing/onnxWriter.ts";
import { OnnxTeacher } from "./onnxTeacher.ts";

/** The operations that a runtime is given to load, of a model with one output. */
async function operationsLoaded(...more: WrittenNode[]): Promise<readonly string[]> {
  const { model } = convolutionalEncoder();
  const pooled = model.nodes.filter(({ op }) => ["Conv", "GlobalAveragePool", "Relu"].includes(op));
  const file = writeOnnx({
    ...model,
    nodes: [...pooled, ...more],
    outputs: [{ name: "pooled", shape: ["batch", 6, 1, 1] }],
  });
  let operations: readonly string[] = [];
  await OnnxTeacher.load(readOnnxModel(file, "m.onnx"), file.length, {}, (bytes) => {
    operations = readOnnxModel(bytes, "m.onnx").nodes.map(({ op }) => op);
    return Promise.reject(new Error("far enough"));
  }).catch((error: unknown) => expect(String(error)).toContain("far enough"));
  return operations;
}

test("a runtime gets no operation that the output does without, since nobody has looked at what it would take", async () => {
  const encoder = ["Conv", "Relu", "GlobalAveragePool"];
  expect(await operationsLoaded()).toEqual(encoder);
  const loop = { op: "Loop", inputs: ["", "", "image"], outputs: ["never read"] };
  expect(await operationsLoaded(loop)).toEqual(encoder);
});
