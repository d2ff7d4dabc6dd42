import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { BackendReport } from "../../contract/backend.ts";
import { createPrng } from "../../lib/prng.ts";
import * as tf from "../../ml/tfjs/tf.ts";
import { openBackend } from "./backend.ts";
import { browserLoader } from "./browserLoader.ts";

// Sizes that differ from each other, so that a swapped axis shows.
const inputShape: [number, number, number, number] = [2, 9, 7, 3];
const filterShape: [number, number, number, number] = [3, 3, 3, 5];

/** A convolution with its two gradients, and a matrix product: what every training step is made of. */
async function trainingArithmetic(): Promise<Float32Array> {
  const prng = createPrng(11, "backends");
  const values = (shape: number[]): Float32Array =>
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => prng.uniform() - 0.5);
  const x = tf.tensor4d(values(inputShape), inputShape);
  const w = tf.tensor4d(values(filterShape), filterShape);
  const head = tf.tensor2d(values([5, 4]), [5, 4]);
  const all = tf.tidy(() => {
    const loss = (x: tf.Tensor, w: tf.Tensor): tf.Scalar => {
      const maps = tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 2, 1);
      return tf
        .matMul(maps.mean<tf.Tensor2D>([1, 2]), head)
        .square()
        .sum();
    };
    const { value, grads } = tf.valueAndGrads((...args) => loss(args[0]!, args[1]!))([x, w]);
    return tf.concat([value.reshape([1]), ...grads.map((gradient) => gradient.flatten())]);
  });
  const result = await all.data<"float32">();
  tf.dispose([x, w, head, all]);
  return result;
}

let expected: Float32Array;
beforeAll(async () => {
  await openBackend("cpu", browserLoader);
  expected = await trainingArithmetic();
});
afterAll(() => tf.setBackend("cpu"));

describe.each(["webgpu", "wasm", "webgl", "cpu"] as const)("backend %s", (name) => {
  let report: BackendReport;
  beforeAll(async () => {
    report = (await openBackend(name, browserLoader)).report;
  });

  test(`${name} opens when asked for and says what it is`, () => {
    expect(report).toMatchObject({ chosen: name, crossOriginIsolated: true });
    expect(report.adapter).not.toBe("");
    expect(tf.getBackend()).toBe(name);
  });

  test(`${name} computes a convolution and its gradients as the cpu does, and keeps nothing`, async () => {
    const before = tf.memory().numTensors;
    const actual = await trainingArithmetic();
    expect(tf.memory().numTensors).toBe(before);
    expect(actual.length).toBe(expected.length);
    const worst = actual.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i]!)), 0);
    expect(worst).toBeLessThan(2e-5);
  });
});

test("a GPU that refuses a command counts as lost, with what it said", async () => {
  const { lost } = await openBackend("webgpu", browserLoader);
  const { device } = tf.backend() as unknown as { device: GPUDevice };
  const buffer = device.createBuffer({ label: "too small", size: 4, usage: GPUBufferUsage.COPY_DST });
  const encoder = device.createCommandEncoder();
  encoder.clearBuffer(buffer, 0, 1024);
  device.queue.submit([encoder.finish()]);
  expect(await lost).toMatch(/too small/);
});

test("unasked, a GPU in software is passed over", async () => {
  const { report } = await openBackend("auto", browserLoader);
  const webgpu = report.candidates.find((candidate) => candidate.name === "webgpu");
  expect(webgpu).toMatchObject({ available: true, software: true });
  expect(["wasm", "webgl"]).toContain(report.chosen); // webgl where it has real hardware
  expect(report.reason).toMatch(/slower than WebAssembly/);
  expect(report.advice).not.toBe("");
});
