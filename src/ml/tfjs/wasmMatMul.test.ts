import { expect, it } from "vitest";
import { useNodeBackend } from "../../../tools/nodeBackends.ts";
import * as tf from "./tf.ts";
import { registerMatMul } from "./wasmMatMul.ts";

it("multiplies right when the same data is the right operand in two shapes, and when operands are transposed", async () => {
  await useNodeBackend("wasm");
  registerMatMul("wasm");
  registerMatMul("wasm");
  const values = Float32Array.from({ length: 6 * 4 }, (_, i) => Math.sin(i + 1));
  const x = tf.tensor1d(values);
  for (const [rows, columns] of [
    [6, 4],
    [4, 6],
    [3, 8],
  ] as const) {
    const left = Float32Array.from({ length: 2 * rows }, (_, i) => Math.cos(3 * i));
    const expected = slowProduct(left, values, rows, columns);
    const right = tf.reshape<tf.Rank.R2>(x, [rows, columns]);
    const leftTensor = tf.tensor2d(left, [2, rows]);
    expectClose(tf.matMul(leftTensor, right), expected);
    expectClose(tf.matMul(leftTensor, tf.transpose(right), false, true), expected);
    expectClose(tf.matMul(tf.transpose(leftTensor), right, true, false), expected);
  }
});

function slowProduct(left: Float32Array, right: Float32Array, inner: number, columns: number): number[] {
  return Array.from({ length: 2 * columns }, (_, i) => {
    const row = Math.floor(i / columns);
    let sum = 0;
    for (let k = 0; k < inner; k++) sum += left[row * inner + k]! * right[k * columns + (i % columns)]!;
    return sum;
  });
}

function expectClose(actual: tf.Tensor, expected: readonly number[]): void {
  const values = actual.dataSync();
  expected.forEach((value, i) => expect(values[i]).toBeCloseTo(value, 5));
}
