import { expect, test } from "vitest";
import { useNodeBackend } from "../../../tools/nodeBackends.ts";
import { createPrng } from "../../lib/prng.ts";
import * as tf from "../tf.ts";
import { registerFirstMaxPoolGradient } from "./firstMaxPoolGradient.ts";

// Sizes at which the last window ends at, before and beyond the border; values with many ties.
test.each([
  { height: 4, width: 7, kernel: 3, stride: 2, padding: 1 },
  { height: 8, width: 5, kernel: 3, stride: 2, padding: 0 },
  { height: 7, width: 6, kernel: 2, stride: 2, padding: 0 },
  { height: 9, width: 10, kernel: 3, stride: 3, padding: 1 },
])("ties go to the first maximum: $height×$width, $kernel/$stride/$padding", async (it) => {
  const prng = createPrng(it.height, "ties");
  const shape: [number, number, number, number] = [2, it.height, it.width, 3];
  const count = shape.reduce((a, b) => a * b, 1);
  const values = Float32Array.from({ length: count }, () => prng.integer(3));
  const pool = (x: tf.Tensor) => tf.maxPool(x as tf.Tensor4D, it.kernel, it.stride, it.padding, "floor");

  await useNodeBackend("wasm");
  registerFirstMaxPoolGradient("wasm");
  registerFirstMaxPoolGradient("wasm"); // a second time changes nothing
  const [x, before] = [tf.tensor4d(values, shape), tf.memory().numTensors];
  const y = pool(x);
  const weights = Float32Array.from({ length: y.size }, () => prng.normal());
  const dy = tf.tensor(weights, y.shape);
  const dx = tf.grad(pool)(x, dy);
  expect(tf.memory().numTensors).toBe(before + 3);

  const expected = new Float32Array(count);
  const [, outHeight, outWidth] = y.shape as [number, number, number];
  const at = (n: number, i: number, j: number, c: number): number =>
    ((n * it.height + i) * it.width + j) * 3 + c;
  for (let k = 0; k < y.size; k++) {
    const [c, j] = [k % 3, Math.floor(k / 3) % outWidth];
    const [i, n] = [Math.floor(k / 3 / outWidth) % outHeight, Math.floor(k / 3 / outWidth / outHeight)];
    let first = -1;
    for (let row = i * it.stride - it.padding; row < i * it.stride - it.padding + it.kernel; row++)
      for (let col = j * it.stride - it.padding; col < j * it.stride - it.padding + it.kernel; col++) {
        if (row < 0 || row >= it.height || col < 0 || col >= it.width) continue;
        const place = at(n, row, col, c);
        if (first < 0 || values[place]! > values[first]!) first = place;
      }
    expected[first]! += weights[k]!;
  }
  (await dx.data()).forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 5));
  tf.dispose([x, y, dy, dx]);
});
