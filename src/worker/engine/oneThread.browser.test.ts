import { expect, test } from "vitest";
import * as tf from "../../ml/tfjs/tf.ts";
import { browserLoader } from "./browserLoader.ts";

test("WASM opens without threads where it is told to, and computes", async () => {
  expect(crossOriginIsolated).toBe(true); // so that there could be some
  expect(await browserLoader.wasm({ oneThread: true })).toEqual({ threads: 1, simd: true });
  expect(tf.getBackend()).toBe("wasm");
  const product = await tf.matMul(tf.ones([3, 32]), tf.ones([32, 4])).data();
  expect(Array.from(product)).toEqual(Array.from({ length: 12 }, () => 32));
});
