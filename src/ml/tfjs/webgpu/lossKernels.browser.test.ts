/** Losses by this project's kernels on WebGPU, with a row to one lane and to many, against tfjs's operations on the CPU. */
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { createPrng } from "../../../lib/prng.ts";
import { openBackend } from "../../../worker/engine/backend.ts";
import { browserLoader } from "../../../worker/engine/browserLoader.ts";
import { bingo } from "../../losses/bingo.ts";
import { doGo } from "../../losses/doGo.ts";
import { ntXent } from "../../losses/ntXent.ts";
import { rkdAngle, rkdDistance } from "../../losses/rkd.ts";
import { seedLoss } from "../../losses/seedLoss.ts";
import { imageNetPreprocessing, normalizeImages } from "../../tensors/normalizeImages.ts";
import { normalizeRows, type UnitRows } from "../../tensors/unitRows.ts";
import { hardwareGranularity, softwareGranularity } from "../../wgsl/granularity.ts";
import * as tf from "../tf.ts";
import { KernelRecorder } from "./kernelRecorder.ts";

const launches = vi.spyOn(KernelRecorder.prototype, "run");
const granularity = vi.spyOn(KernelRecorder.prototype, "granularity", "get");

/** More keys and dimensions than a workgroup has lanes, none a multiple of another. */
const [images, width, keys] = [7, 70, 150];
const randomRows = (name: string, count: number): tf.Tensor2D => {
  const prng = createPrng(11, name);
  return tf.tensor2d(
    Float32Array.from({ length: count * width }, () => prng.normal()),
    [count, width],
  );
};
const constants = (name: string, count = images): UnitRows => normalizeRows(randomRows(name, count));

interface Case {
  readonly name: string;
  /** How many tensors it takes, [images, width] each; gradients flow to all. */
  readonly inputs: number;
  readonly loss: (...inputs: tf.Tensor2D[]) => tf.Scalar;
  /** Of this project's kernels but products, forwards and backwards. */
  readonly launches: number;
}

const unit = (rows: tf.Tensor2D | undefined): UnitRows => normalizeRows(rows as tf.Tensor2D);
const temperatures = { student: 0.2, teacher: 0.05 };
const cases: readonly Case[] = [
  {
    name: "SEED",
    inputs: 1,
    loss: (s) => seedLoss(unit(s), constants("t"), constants("queue", keys), temperatures),
    launches: 2 + 2 + 1,
  },
  { name: "NT-Xent", inputs: 2, loss: (a, b) => ntXent(unit(a), unit(b), 0.3), launches: 4 + 2 },
  {
    name: "DoGo",
    inputs: 2,
    loss: (a, b) =>
      doGo({ first: unit(a), second: unit(b) }, { first: constants("t"), second: constants("u") }, 0.1),
    launches: 4 + 2 + 1,
  },
  {
    name: "BINGO",
    inputs: 3,
    loss: (a, b, c) =>
      bingo(
        { anchor: unit(a), member: unit(b), mixture: unit(c) },
        { anchor: constants("t"), member: constants("u") },
        constants("queue", keys),
        { anchorShare: 0.3, temperature: 0.2 },
      ),
    launches: 6 + 3 + 2,
  },
  { name: "RKD's distances", inputs: 1, loss: (s) => rkdDistance(s, randomRows("t", images)), launches: 4 },
  { name: "RKD's angles", inputs: 1, loss: (s) => rkdAngle(s, randomRows("t", images)), launches: 6 },
];

/** The loss, and its gradients by all it is given, three times over. */
async function results({ inputs, loss }: Case): Promise<Float32Array[]> {
  const before = tf.memory().numTensors;
  const given = Array.from({ length: inputs }, (_, i) => randomRows(`input ${i}`, images));
  const dy = tf.scalar(3);
  const { value, grads } = tf.valueAndGrads((...rows) => loss(...(rows as tf.Tensor2D[])))(given, dy);
  const read = [value, ...grads].map(async (tensor) => Float32Array.from(await tensor.data()));
  const values = await Promise.all(read);
  tf.dispose([value, ...grads, ...given, dy]);
  expect(tf.memory().numTensors).toBe(before);
  return values;
}

const expected = new Map<Case, Float32Array[]>();
beforeAll(async () => {
  await openBackend("cpu", browserLoader);
  for (const it of cases) expected.set(it, await results(it));
  await openBackend("webgpu", browserLoader);
  tf.env().set("WEBGPU_CPU_FORWARD", false);
});
beforeEach(() => void launches.mockClear());
afterAll(() => tf.setBackend("cpu"));

describe.each([
  ["a row to a lane", softwareGranularity],
  ["a row to many lanes", hardwareGranularity],
] as const)("%s", (_, given) => {
  beforeAll(() => void granularity.mockReturnValue(given));

  test.each(cases)("$name: loss and gradients", async (it) => {
    const found = await results(it);
    const own = launches.mock.calls.filter(([{ label }]) => label !== "products");
    expect(own.length).toBe(it.launches);
    found.forEach((values, i) => {
      const wanted = expected.get(it)![i]!;
      const largest = Math.max(...wanted.map(Math.abs));
      expect(largest).toBeGreaterThan(0);
      expect(values.length).toBe(wanted.length);
      values.forEach((value, j) => expect(Math.abs(value - wanted[j]!) / largest).toBeLessThan(2e-5));
    });
  });
});

test("images are normalised channel by channel", async () => {
  const values = Float32Array.from({ length: 2 * 3 * 5 * 3 }, (_, i) => ((i * 7) % 23) / 22);
  const images = tf.tensor4d(values, [2, 3, 5, 3]);
  const normalised = normalizeImages(images, imageNetPreprocessing);
  expect(launches).toHaveBeenCalledTimes(1);
  const { mean, std } = imageNetPreprocessing;
  (await normalised.data()).forEach((value, i) =>
    expect(value).toBeCloseTo((values[i]! - mean[i % 3]!) / std[i % 3]!, 5),
  );
  tf.dispose([images, normalised]);
});
