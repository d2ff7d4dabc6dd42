import "@tensorflow/tfjs-backend-webgpu";
import { afterAll, describe, expect, it } from "vitest";
import type { TeacherRecipe } from "../../contract/teacher.ts";
import { readOnnxModel } from "../../formats/onnxModel.ts";
import {
  convolutionalEncoder,
  convolutionalFeatures,
  transformerEncoder,
  transformerShape,
  type TestEncoder,
} from "../../formats/testing/onnxModels.ts";
import { embedWithTeacher } from "../../ml/teachers/embedWithTeacher.ts";
import { OnnxTeacher } from "../../ml/teachers/onnxTeacher.ts";
import * as tf from "../../ml/tfjs/tf.ts";
import { openOnnxSession } from "./openOnnxSession.ts";
import { openWasm } from "../engine/wasmBinaries.ts";

const { side } = transformerShape;

function load(encoder: TestEncoder, recipe: TeacherRecipe = {}): Promise<OnnxTeacher> {
  const model = readOnnxModel(encoder.bytes, "encoder.onnx");
  return OnnxTeacher.load(model, encoder.bytes.length, recipe, openOnnxSession);
}

/** The teacher's embeddings of the images, and that nothing stays behind. */
async function embeddingOf(teacher: OnnxTeacher, images: tf.Tensor4D, inputSize = 0): Promise<Float32Array> {
  const before = tf.memory().numTensors;
  const { embedding } = await embedWithTeacher(teacher, images, inputSize);
  expect(embedding.shape).toEqual([images.shape[0], teacher.card.embeddingDim]);
  const values = await embedding.data<"float32">();
  embedding.dispose();
  expect(tf.memory().numTensors).toBe(before);
  return values;
}

/** The same by tfjs, in operations of its own. @param images as the network gets them, channels last. */
function convolutionalReference({ weights }: TestEncoder, images: tf.Tensor4D): tf.Tensor2D {
  const weight = (name: string): tf.Tensor => tensorOf(weights, name);
  const kernel = tf.transpose(weight("conv.weight"), [2, 3, 1, 0]) as tf.Tensor4D;
  const padded = tf.pad4d(images, [
    [0, 0],
    [1, 1],
    [1, 1],
    [0, 0],
  ]);
  const maps = tf.relu(tf.add(tf.conv2d(padded, kernel, 2, "valid"), weight("conv.bias")));
  return tf.mean(maps, [1, 2]);
}

function transformerReference({ weights }: TestEncoder, images: tf.Tensor4D): tf.Tensor3D {
  const { patch, dim, tokens } = transformerShape;
  const weight = (name: string): tf.Tensor => tensorOf(weights, name);
  const kernel = tf.transpose(weight("patch.weight"), [2, 3, 1, 0]) as tf.Tensor4D;
  const count = images.shape[0];
  const patches = tf.reshape(tf.conv2d(images, kernel, patch, "valid"), [count, tokens - 1, dim]);
  const first = tf.tile(weight("first token"), [count, 1, 1]);
  const placed = tf.add(tf.concat([first, patches], 1), weight("positions"));
  const norm = (x: tf.Tensor, name: string): tf.Tensor => {
    const { mean, variance } = tf.moments(x, 2, true);
    const unit = tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, 1e-6)));
    return tf.add(tf.mul(unit, weight(`${name}.weight`)), weight(`${name}.bias`));
  };
  const rows = tf.reshape<tf.Rank.R2>(norm(placed, "norm1"), [count * tokens, dim]);
  const project = (name: string): tf.Tensor3D =>
    tf.reshape(tf.matMul(rows, weight(name) as tf.Tensor2D), [count, tokens, dim]);
  const scores = tf.matMul(project("query.weight"), project("key.weight"), false, true);
  const attended = tf.matMul(tf.softmax(scores), project("value.weight"));
  return norm(tf.add(placed, attended), "norm2") as tf.Tensor3D;
}

function tensorOf(weights: TestEncoder["weights"], name: string): tf.Tensor {
  const weight = weights.get(name)!;
  return tf.tensor(weight.values as Float32Array, [...weight.shape]);
}

function expectClose(actual: Float32Array, expected: Float32Array): void {
  expect(actual.length).toBe(expected.length);
  const worst = actual.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i]!)), 0);
  expect(worst).toBeLessThan(2e-5);
  expect(Math.max(...expected.map(Math.abs))).toBeGreaterThan(0.1); // no comparison of zeros
}

afterAll(() => tf.setBackend("cpu"));

describe.each(["webgpu", "wasm", "cpu"] as const)("an ONNX teacher on %s", (backend) => {
  const ready = async (): Promise<void> => {
    if (backend === "wasm") await openWasm(() => tf.setBackend("wasm"));
    else await tf.setBackend(backend);
    await tf.ready();
    expect(tf.getBackend()).toBe(backend);
  };
  const symmetric = (images: tf.Tensor4D): tf.Tensor4D => tf.sub(tf.mul(images, 2), 1);

  it("embeds by convolution as tfjs does, whatever its layout and batch", async () => {
    await ready();
    const images = tf.randomUniform<tf.Rank.R4>([6, 12, 12, 3], 0, 1, "float32", 4);
    const expected = tf.tidy(() => convolutionalReference(convolutionalEncoder(), symmetric(images)));
    const values = await expected.data<"float32">();
    expected.dispose();
    const recipe = { inputSize: 12, normalisation: "symmetric" } as const;
    for (const shape of [{}, { batch: 4 }, { batch: 1, side: 12 }, { layout: "nhwc" as const }]) {
      const encoder = convolutionalEncoder(shape);
      const teacher = await load(encoder, recipe);
      expect(teacher.card).toMatchObject({
        source: "onnx",
        embeddingDim: convolutionalFeatures,
        inputSize: 12,
        preprocessing: "−1 … 1",
        recipe: { output: "features", ...recipe },
      });
      // Chooses what goes into the classifier, so the same as asked of the last maps and pooled here.
      expectClose(await embeddingOf(teacher, images), values);
      teacher.dispose();
      const maps = await load(encoder, { ...recipe, output: "relu" });
      expectClose(await embeddingOf(maps, images), values);
      maps.dispose();
    }
    images.dispose();
  });

  it("embeds by attention as tfjs does, by the first token or by all", async () => {
    await ready();
    const encoder = transformerEncoder();
    const images = tf.randomUniform<tf.Rank.R4>([3, side, side, 3], 0, 1, "float32", 5);
    const tokens = tf.tidy(() => transformerReference(encoder, symmetric(images)));
    const first = tf.tidy(() => tf.slice3d(tokens, [0, 0, 0], [-1, 1, -1]).flatten());
    const mean = tf.tidy(() => tf.mean(tokens, 1));
    const teacher = await load(encoder, { normalisation: "symmetric" });
    expectClose(await embeddingOf(teacher, images), await first.data<"float32">());
    expect(teacher.card.notes[0]).toContain(backend === "webgpu" ? "stay on the GPU" : "WebAssembly");
    await expect(embeddingOf(teacher, images, 16)).rejects.toThrow("takes images of 8 pixels only");
    teacher.dispose();
    const averaging = await load(encoder, { normalisation: "symmetric", pooling: "meanToken" });
    expectClose(await embeddingOf(averaging, images), await mean.data<"float32">());
    averaging.dispose();
    tf.dispose([images, tokens, first, mean]);
  });

  it("refuses what the runtime cannot run, and pooling that cannot be", async () => {
    await ready();
    const before = tf.memory().numTensors;
    const encoder = convolutionalEncoder();
    const nodes = encoder.model.nodes.map((node) =>
      node.op === "Relu" ? { ...node, op: "Levitate" } : node,
    );
    const { writeOnnx } = await import("../../formats/testing/onnxWriter.ts");
    const unknown = { ...encoder, bytes: writeOnnx({ ...encoder.model, nodes }) };
    await expect(load(unknown)).rejects.toMatchObject({
      code: "file-unsupported",
      message: expect.stringContaining("Levitate") as string,
    });
    await expect(load(encoder, { pooling: "firstToken", inputSize: 12 })).rejects.toThrow("cannot be made");
    await expect(load(encoder, { output: "nowhere" })).rejects.toMatchObject({ code: "not-found" });
    expect(tf.memory().numTensors).toBe(before);
  });
});
