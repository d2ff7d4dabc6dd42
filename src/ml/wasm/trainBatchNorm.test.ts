import { expect, test } from "vitest";
import { useNodeBackend } from "../../../tools/nodeBackends.ts";
import * as tf from "../tfjs/tf.ts";
import { batchNormTrain } from "../tfjs/batchNorm.ts";
import { improveBackend } from "../tfjs/improveBackend.ts";

/** y, both statistics, and the gradients by x, γ and β of Σ y·dy, on one backend. */
async function everything(
  backend: "cpu" | "wasm",
  shape: readonly number[],
  subBatches: number,
): Promise<Float32Array[]> {
  await useNodeBackend(backend);
  improveBackend(backend);
  const channels = shape[shape.length - 1] as number;
  const x = tf.randomNormal([...shape], 5, 2, "float32", 1); // far from 0, where a naive variance loses its digits
  const dy = tf.randomNormal([...shape], 0, 1, "float32", 2);
  const gamma = tf.randomNormal<tf.Rank.R1>([channels], 1, 1, "float32", 3);
  const beta = tf.randomNormal<tf.Rank.R1>([channels], 0, 1, "float32", 4);
  const before = tf.memory().numTensors;
  const results = tf.tidy(() => {
    const { y, statistics } = batchNormTrain(x, gamma, beta, 1e-5, subBatches);
    const gradients = tf.grads((x, gamma, beta) =>
      tf.sum(tf.mul(batchNormTrain(x, gamma as tf.Tensor1D, beta as tf.Tensor1D, 1e-5, subBatches).y, dy)),
    )([x, gamma, beta]);
    return [y, statistics.mean, statistics.variance, ...gradients];
  });
  const values = await Promise.all(results.map((tensor) => tensor.data<"float32">()));
  tf.dispose(results);
  expect(tf.memory().numTensors).toBe(before);
  tf.dispose([x, dy, gamma, beta]);
  return values;
}

// Channels in fours, in fours with some left over, and too few for one four; a single row of pixels too.
test.each([
  { shape: [6, 5, 7, 3], subBatches: 1 },
  { shape: [6, 4, 4, 6], subBatches: 3 },
  { shape: [4, 40, 40, 8], subBatches: 1 },
  { shape: [4, 9, 9, 12], subBatches: 2 },
  { shape: [12, 10], subBatches: 1 },
])(
  "BatchNorm over $shape in $subBatches subBatches: the loops equal tfjs's operations",
  async ({ shape, subBatches }) => {
    const expected = await everything("cpu", shape, subBatches);
    const actual = await everything("wasm", shape, subBatches);
    actual.forEach((values, i) => {
      const largest = Math.max(...(expected[i] as Float32Array).map(Math.abs));
      values.forEach((value, at) => {
        expect(Math.abs(value - (expected[i]?.[at] as number))).toBeLessThan(5e-6 * largest);
      });
    });
  },
);
