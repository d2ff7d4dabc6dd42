import { beforeAll, describe, expect, test } from "vitest";
import { nodeBackends, useNodeBackend } from "../../../tools/nodeBackends.ts";
import { createPrng } from "../../lib/prng.ts";
import * as tf from "../tfjs/tf.ts";
import { logSumExpRows } from "./logSumExpRows.ts";
import { normalizeRows } from "./unitRows.ts";

const prng = createPrng(3, "unitRows.test");
const normals = (count: number, size = 1): number[] =>
  Array.from({ length: count }, () => size * prng.normal());

/** Derivative of Σ w·f(x) with respect to x[i], by central differences in double precision. */
function slope(f: (x: number[]) => number[], x: number[], w: number[], i: number): number {
  const h = 1e-5 * Math.max(1, Math.abs(x[i]!));
  const at = (shift: number): number =>
    f(x.map((v, j) => (j === i ? v + shift : v))).reduce((sum, y, j) => sum + y * w[j]!, 0);
  return (at(h) - at(-h)) / (2 * h);
}

describe.each(nodeBackends)("on %s", (backend) => {
  beforeAll(() => useNodeBackend(backend));

  test("normalizeRows: value and gradient equal the slow computation, for small and large rows", async () => {
    const rows = [normals(5), normals(5, 1e-3), normals(5, 1e3)];
    const unit = (x: number[]): number[] => x.map((v) => v / Math.hypot(...x));
    const weights = normals(15);
    const x = tf.tensor2d(rows);
    const dy = tf.tensor2d(weights, [3, 5]);
    const before = tf.memory().numTensors;
    const y = normalizeRows(x);
    const dx = tf.grad((input) => normalizeRows(input as tf.Tensor2D))(x, dy);
    expect(tf.memory().numTensors).toBe(before + 2);
    const [value, gradient] = [await y.data(), await dx.data()];
    rows.forEach((row, n) => {
      const w = weights.slice(n * 5, n * 5 + 5);
      const size = 1 / Math.hypot(...row);
      row.forEach((_, d) => {
        expect(value[n * 5 + d]).toBeCloseTo(unit(row)[d]!, 6);
        expect(gradient[n * 5 + d]! / size).toBeCloseTo(slope(unit, row, w, d) / size, 4);
      });
    });
    tf.dispose([x, y, dy, dx]);
  });

  test("normalizeRows: a zero row stays zero and its gradient is zero, not NaN", async () => {
    const x = tf.tensor2d([
      [0, 0, 0],
      [3, 0, 4],
    ]);
    const y = normalizeRows(x);
    const dx = tf.grad((input) => tf.sum(normalizeRows(input as tf.Tensor2D)))(x);
    const gradient = Array.from(await dx.data());
    expect(Array.from(await y.data())).toEqual([0, 0, 0, 3 / 5, 0, 4 / 5].map(Math.fround));
    expect(gradient.slice(0, 3)).toEqual([0, 0, 0]);
    [(1 - 0.6 * 1.4) / 5, 1 / 5, (1 - 0.8 * 1.4) / 5].forEach((v, d) =>
      expect(gradient[3 + d]).toBeCloseTo(v, 6),
    );
    tf.dispose([x, y, dx]);
  });

  test("logSumExpRows: logits of ±300 neither overflow nor lose the gradient", async () => {
    const rows = [
      [300, -300, 299, 12],
      [-300, -301, -299.5, -300],
    ];
    const x = tf.tensor2d(rows);
    const dy = tf.tensor1d([0.7, -1.3]);
    const before = tf.memory().numTensors;
    const y = logSumExpRows(x);
    const dx = tf.grad((input) => logSumExpRows(input as tf.Tensor2D))(x, dy);
    expect(tf.memory().numTensors).toBe(before + 2);
    const [value, gradient] = [await y.data(), await dx.data()];
    rows.forEach((row, n) => {
      const largest = Math.max(...row);
      const total = row.reduce((sum, v) => sum + Math.exp(v - largest), 0);
      expect(value[n]! / (largest + Math.log(total))).toBeCloseTo(1, 6);
      row.forEach((v, k) =>
        expect(gradient[n * 4 + k]).toBeCloseTo(([0.7, -1.3][n]! * Math.exp(v - largest)) / total, 6),
      );
    });
    tf.dispose([x, y, dy, dx]);
  });
});
