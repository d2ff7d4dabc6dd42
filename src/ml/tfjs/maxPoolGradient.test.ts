import { expect, test } from "vitest";
import { useNodeBackend } from "../../../tools/nodeBackends.ts";
import { createPrng } from "../../lib/prng.ts";
import * as tf from "./tf.ts";
import { registerMaxPoolGradient } from "./maxPoolGradient.ts";

// The last window ends before, at and beyond the border; few values, so many ties, and windows without a positive.
test.each([
  { height: 4, width: 7, kernel: 3, stride: 2, padding: 1 },
  { height: 8, width: 5, kernel: 3, stride: 2, padding: 0 },
  { height: 7, width: 6, kernel: 2, stride: 2, padding: 0 },
  { height: 9, width: 10, kernel: 3, stride: 3, padding: 1 },
  { height: 6, width: 8, kernel: 2, stride: 2, padding: 0, channels: 8 }, // four numbers at a time
  { height: 7, width: 10, kernel: 3, stride: 3, padding: 0, channels: 4 }, // the same, windows leave a rest
  { height: 5, width: 5, kernel: 5, stride: 1, padding: 0, channels: 12 }, // the same, one window
])("WASM gives what the cpu backend gives: $height×$width, $kernel/$stride/$padding", async (it) => {
  const prng = createPrng(it.height, "ties");
  const { channels = 3 } = it;
  const shape: [number, number, number, number] = [2, it.height, it.width, channels];
  const values = Float32Array.from(
    { length: 2 * it.height * it.width * channels },
    () => prng.integer(4) - 2,
  );
  const pool = (x: tf.Tensor) => tf.maxPool(x as tf.Tensor4D, it.kernel, it.stride, it.padding, "floor");
  const gradient = async (backend: "cpu" | "wasm") => {
    await useNodeBackend(backend);
    const x = tf.tensor4d(values, shape);
    const y = pool(x);
    const dy = tf.tidy(() => tf.reshape(tf.range(1, y.size + 1), y.shape));
    const before = tf.memory().numTensors;
    const dx = tf.grad(pool)(x, dy);
    expect(tf.memory().numTensors).toBe(before + 1);
    const result = Array.from(await dx.data());
    tf.dispose([x, y, dy, dx]);
    return result;
  };
  await useNodeBackend("wasm");
  registerMaxPoolGradient("wasm");
  registerMaxPoolGradient("wasm"); // a second time changes nothing
  expect(await gradient("wasm")).toEqual(await gradient("cpu"));
});
