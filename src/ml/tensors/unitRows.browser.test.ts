/** Unit rows in a real browser, on every backend it offers: by operations, and on WebGPU by kernels of this project. */
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { createPrng } from "../../lib/prng.ts";
import { openBackend } from "../../worker/engine/backend.ts";
import { browserLoader } from "../../worker/engine/browserLoader.ts";
import * as tf from "../tfjs/tf.ts";
import { KernelRecorder } from "../tfjs/webgpu/kernelRecorder.ts";
import { normalizeRows } from "./unitRows.ts";

const launches = vi.spyOn(KernelRecorder.prototype, "run");

afterAll(() => tf.setBackend("cpu"));

/** By loops in double precision. */
function slow(x: readonly number[][], dy: readonly number[][]): { y: number[][]; dx: number[][] } {
  const y = x.map((row) => row.map((v) => v / Math.max(Math.hypot(...row), 1e-12)));
  const dx = x.map((row, n) => {
    const length = Math.hypot(...row);
    const along = row.reduce((sum, _, d) => sum + y[n]![d]! * dy[n]![d]!, 0);
    return row.map((_, d) => (length > 1e-12 ? (dy[n]![d]! - y[n]![d]! * along) / length : 0));
  });
  return { y, dx };
}

describe.each(["webgpu", "webgl", "wasm", "cpu"] as const)("on %s", (backend) => {
  beforeAll(async () => {
    await openBackend(backend, browserLoader);
    // Small tensors too must go through the backend's own kernels.
    if (backend === "webgpu") tf.env().set("WEBGPU_CPU_FORWARD", false);
    if (backend === "webgl") tf.env().set("WEBGL_CPU_FORWARD", false);
  });

  test.each([
    [5, 7],
    [70, 64],
    [3, 130],
  ])("%i rows of %i: value and gradient", async (count, width) => {
    const prng = createPrng(count, "unit rows");
    const row = (size: number): number[] => Array.from({ length: width }, () => size * prng.normal());
    // Of length 0, of a length that counts as 0, and of lengths from small to large.
    const sizes = [0, 1e-14, 1e-3, 1, 1e3];
    const x = Array.from({ length: count }, (_, n) => row(sizes[n % sizes.length]!).map(Math.fround));
    const dy = Array.from({ length: count }, () => row(1).map(Math.fround));
    const expected = slow(x, dy);
    const before = tf.memory().numTensors;
    const [input, upstream] = [tf.tensor2d(x), tf.tensor2d(dy)];
    launches.mockClear();
    const y = normalizeRows(input);
    const dx = tf.grad((rows) => normalizeRows(rows as tf.Tensor2D))(input, upstream);
    expect(launches).toHaveBeenCalledTimes(backend === "webgpu" ? 3 : 0); // forwards twice, backwards once
    const [values, gradients] = [await y.data(), await dx.data()];
    x.forEach((given, n) => {
      const length = Math.hypot(...given);
      given.forEach((_, d) => {
        const place = n * width + d;
        expect(Math.abs(values[place]! - expected.y[n]![d]!)).toBeLessThan(1e-6);
        const slope = length > 1e-12 ? length : 1;
        expect(Math.abs(gradients[place]! - expected.dx[n]![d]!) * slope).toBeLessThan(3e-6);
        if (length <= 1e-12) expect(gradients[place]! === 0).toBe(true);
        if (length === 0) expect(values[place]! === 0).toBe(true);
      });
    });
    tf.dispose([input, upstream, y, dx]);
    expect(tf.memory().numTensors).toBe(before);
  });
});
