import { expect, test } from "vitest";
import * as tf from "../../ml/tfjs/tf.ts";
import { openWasm } from "./wasmBinaries.ts";

test("WASM runs with SIMD on every core and leaves the browser's own core count visible", async () => {
  expect(crossOriginIsolated).toBe(true);
  const cores = navigator.hardwareConcurrency;
  const { opened, threads } = await openWasm(() => tf.setBackend("wasm"));
  expect(opened).toBe(true);
  expect(tf.getBackend()).toBe("wasm");
  expect(await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT")).toBe(true);
  expect(threads).toBeGreaterThanOrEqual(Math.min(cores, 4));
  expect(navigator.hardwareConcurrency).toBe(cores);

  // Row i of a·b is i · (column sums of b) when every row of a is constant.
  const a = tf.range(0, 64).expandDims(1).tile([1, 32]);
  const product = await tf.matMul(a as tf.Tensor2D, tf.ones([32, 16])).data();
  expect(product[63 * 16]).toBe(63 * 32);
});
