/**
 * The mathematics in a real browser, on every backend it offers: losses, queue, pooling and kNN against
 * computations of their own. (Layers, training steps and PyTorch's numbers: `npm run verify`.)
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPrng } from "../src/lib/prng.ts";
import { openBackend } from "../src/worker/engine/backend.ts";
import { browserLoader } from "../src/worker/engine/browserLoader.ts";
import { uniformity } from "../src/ml/eval/alignmentUniformity.ts";
import { linearCka } from "../src/ml/eval/cka.ts";
import { knnPredict } from "../src/ml/eval/knn.ts";
import { fitPca } from "../src/ml/eval/pca.ts";
import { embeddingSpread } from "../src/ml/eval/spread.ts";
import { KeyQueue } from "../src/ml/losses/queue.ts";
import { lossCases, lossErrors } from "./references/slowLosses.ts";
import { knownUnitRows, normalizeRows } from "../src/ml/tensors/unitRows.ts";
import * as tf from "../src/ml/tfjs/tf.ts";

const prng = createPrng(23, "mathematics");
const normals = (count: number): Float32Array => Float32Array.from({ length: count }, () => prng.normal());
const bank = normals(40 * 6);
const queries = normals(9 * 6);
const wide = normals(24 * 300);

/** Everything that has no slow twin beside it, to be compared with the cpu backend's. */
async function measures() {
  const [b, q] = [tf.tensor2d(bank, [40, 6]), tf.tensor2d(queries, [9, 6])];
  const { predictions, scores } = await knnPredict({
    bank: b,
    queries: q,
    bankClasses: Array.from({ length: 40 }, (_, i) => i % 5),
    neighbours: 7,
    temperature: 0.2,
  });
  const scalars = tf.tidy(() => {
    const unit = normalizeRows(b);
    return tf.stack([embeddingSpread(unit), uniformity(unit), linearCka(b, unit)]);
  });
  const features = tf.tensor2d(wide, [24, 300]);
  const { variances, explained } = await fitPca(features, 4, 1);
  const values = Array.from(await scalars.data());
  tf.dispose([b, q, scalars, features]);
  return { predictions: Array.from(predictions), numbers: [...values, ...scores, ...variances, explained] };
}

/** dx of a max-pool over values with many ties and windows without a positive one. */
async function poolGradient(height: number, width: number, kernel: number, padding: number) {
  const random = createPrng(height, "ties");
  const values = Float32Array.from({ length: 2 * height * width * 3 }, () => random.integer(4) - 2);
  const pool = (x: tf.Tensor) => tf.maxPool(x as tf.Tensor4D, kernel, 2, padding, "floor");
  const x = tf.tensor4d(values, [2, height, width, 3]);
  const y = pool(x);
  const dy = tf.tidy(() => tf.reshape(tf.range(1, y.size + 1), y.shape));
  const dx = tf.grad(pool)(x, dy);
  const result = Array.from(await dx.data());
  tf.dispose([x, y, dy, dx]);
  return result;
}
const pools: readonly (readonly [height: number, width: number, kernel: number, padding: number])[] = [
  [4, 7, 3, 1],
  [8, 5, 3, 0],
  [7, 6, 2, 0],
];

let expected: Awaited<ReturnType<typeof measures>>;
let expectedPools: number[][];
beforeAll(async () => {
  await openBackend("cpu", browserLoader);
  expected = await measures();
  expectedPools = await Promise.all(pools.map((pool) => poolGradient(...pool)));
});
afterAll(() => tf.setBackend("cpu"));

describe.each(["webgpu", "webgl", "wasm"] as const)("on %s", (backend) => {
  beforeAll(async () => {
    await openBackend(backend, browserLoader);
    // Small tensors too must go through the backend's own kernels.
    if (backend === "webgpu") tf.env().set("WEBGPU_CPU_FORWARD", false);
    if (backend === "webgl") tf.env().set("WEBGL_CPU_FORWARD", false);
  });

  test.each(lossCases)(`${backend}: $name equals slow loops, its gradient finite differences`, async (it) => {
    const before = tf.memory().numTensors;
    const errors = await lossErrors(it);
    expect(errors.value).toBeLessThan(1e-5);
    expect(errors.gradient).toBeLessThan(3e-5);
    expect(tf.memory().numTensors).toBe(before);
  });

  test(`${backend}: the queue holds the last keys, wrapped or not`, async () => {
    const before = tf.memory().numTensors;
    const numbered = (first: number, count: number) =>
      knownUnitRows(
        tf.tensor2d(Array.from({ length: count }, (_, i) => [first + i, 0.5, 1 / (1 + first + i)])),
      );
    const queue = new KeyQueue(numbered(100, 12));
    const ring = Array.from({ length: 12 }, (_, i) => 100 + i);
    for (let step = 0, sent = 0; step < 7; step++, sent += 5) {
      tf.tidy(() => queue.enqueue(numbered(sent, 5)));
      for (let i = 0; i < 5; i++) ring[(sent + i) % 12] = sent + i;
      const rows = await queue.keys().data();
      // WebGL writes a row as a + (b − a)·1, which may cost it the last bit; the others copy.
      const allowed = backend === "webgl" ? 2 ** -23 : 0;
      ring
        .flatMap((v) => [v, 0.5, Math.fround(1 / (1 + v))])
        .forEach((v, i) => expect(Math.abs(rows[i]! - v)).toBeLessThanOrEqual(allowed * v));
    }
    queue.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test(`${backend}: max-pool's gradient goes to the first of equal maxima`, async () => {
    for (const [i, pool] of pools.entries()) expect(await poolGradient(...pool)).toEqual(expectedPools[i]);
  });

  test(`${backend}: a zero row has a zero gradient, not NaN`, async () => {
    const x = tf.tensor2d([
      [0, 0, 0],
      [3, 0, 4],
    ]);
    const dx = tf.grad((input) => tf.sum(normalizeRows(input as tf.Tensor2D)))(x);
    const gradient = Array.from(await dx.data());
    expect(gradient.slice(0, 3)).toEqual([0, 0, 0]);
    [(1 - 0.6 * 1.4) / 5, 1 / 5, (1 - 0.8 * 1.4) / 5].forEach((v, d) =>
      expect(gradient[3 + d]).toBeCloseTo(v, 6),
    );
    tf.dispose([x, dx]);
  });

  test(`${backend}: kNN, spread, uniformity, CKA and PCA equal the cpu backend's`, async () => {
    const { predictions, numbers } = await measures();
    expect(predictions).toEqual(expected.predictions);
    numbers.forEach((value, i) => {
      const golden = expected.numbers[i]!;
      expect(Math.abs(value - golden) / Math.max(1, Math.abs(golden))).toBeLessThan(1e-4);
    });
  });
});
