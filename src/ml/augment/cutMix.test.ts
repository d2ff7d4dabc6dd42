import { beforeAll, describe, expect, test } from "vitest";
import { nodeBackends, useNodeBackend } from "../../../tools/nodeBackends.ts";
import { createPrng } from "../../lib/prng.ts";
import * as tf from "../tfjs/tf.ts";
import { cutMix, drawBeta22, drawCutBox, keptShare } from "./cutMix.ts";

test("Beta(2, 2) has its mean, its variance and its distribution 3x² − 2x³", () => {
  const prng = createPrng(9, "shares");
  const draws = Float64Array.from({ length: 20_000 }, () => drawBeta22(prng));
  const mean = draws.reduce((sum, v) => sum + v, 0) / draws.length;
  const variance = draws.reduce((sum, v) => sum + (v - mean) ** 2, 0) / draws.length;
  expect(mean).toBeCloseTo(1 / 2, 2);
  expect(variance).toBeCloseTo(1 / 20, 3);
  for (const x of [0.1, 0.25, 0.6]) {
    const below = draws.filter((v) => v < x).length / draws.length;
    expect(Math.abs(below - (3 * x ** 2 - 2 * x ** 3))).toBeLessThan(0.01); // three standard errors
  }
});

test("the rectangle is a square of the drawn area, cut off by the view's edges, and the rest is counted", () => {
  const size = 17;
  const [prng, twin] = [createPrng(4, "boxes"), createPrng(4, "boxes")];
  for (let draw = 0; draw < 300; draw++) {
    const box = drawCutBox(prng, size);
    const half = Math.floor(Math.floor(size * Math.sqrt(1 - drawBeta22(twin))) / 2);
    const [x, y] = [twin.integer(size), twin.integer(size)];
    let kept = 0;
    for (let row = 0; row < size; row++) {
      for (let column = 0; column < size; column++) {
        const inSquare = row >= y - half && row < y + half && column >= x - half && column < x + half;
        const inBox = row >= box.top && row < box.bottom && column >= box.left && column < box.right;
        expect(inBox).toBe(inSquare);
        if (!inSquare) kept++;
      }
    }
    expect(keptShare(box, size)).toBeCloseTo(kept / size ** 2, 12);
  }
});

describe.each(nodeBackends)("on %s", (backend) => {
  beforeAll(() => useNodeBackend(backend));

  test("a mixture has the other view's pixels inside the rectangle and its own outside, to the bit", async () => {
    const prng = createPrng(6, "pixels");
    const [count, size] = [2, 5];
    const values = (): Float32Array =>
      Float32Array.from({ length: count * size * size * 3 }, () => prng.normal());
    const [own, other] = [values(), values()];
    const shape = [count, size, size, 3] as [number, number, number, number];
    const before = tf.memory().numTensors;
    const [a, b] = [tf.tensor4d(own, shape), tf.tensor4d(other, shape)];
    const mixed = cutMix(a, b, { top: 1, left: 2, bottom: 3, right: 5 });
    const pixels = await mixed.data();
    own.forEach((value, i) => {
      const [row, column] = [Math.floor(i / (size * 3)) % size, Math.floor(i / 3) % size];
      const inside = row >= 1 && row < 3 && column >= 2 && column < 5;
      expect(pixels[i]).toBe(inside ? other[i] : value);
    });
    tf.dispose([a, b, mixed]);
    expect(tf.memory().numTensors).toBe(before);
  });
});
