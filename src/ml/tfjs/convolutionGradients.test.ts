import { describe, expect, it } from "vitest";
import { createPrng } from "../../lib/prng.ts";
import * as tf from "./tf.ts";
import {
  convFilterGradient,
  convInputGradient,
  depthwiseFilterGradient,
  depthwiseInputGradient,
} from "./convolutionGradients.ts";

/** The second source: tfjs's own loops on the cpu backend. */
const shapes = [
  { name: "3×3", height: 9, width: 7, kernel: 3, stride: 1, padding: 1 },
  { name: "3×3 stride 2, all rows reached", height: 9, width: 7, kernel: 3, stride: 2, padding: 1 },
  { name: "3×3 stride 2, last row not reached", height: 8, width: 6, kernel: 3, stride: 2, padding: 1 },
  { name: "7×7 stride 2 stem", height: 16, width: 14, kernel: 7, stride: 2, padding: 3 },
  { name: "5×5 stride 2 without padding", height: 10, width: 12, kernel: 5, stride: 2, padding: 0 },
  { name: "1×1", height: 5, width: 6, kernel: 1, stride: 1, padding: 0 },
  { name: "1×1 stride 2, odd side", height: 5, width: 7, kernel: 1, stride: 2, padding: 0 },
  { name: "1×1 stride 2, even side", height: 6, width: 8, kernel: 1, stride: 2, padding: 0 },
];

describe.each(shapes)("gradients of a $name convolution", ({ height, width, kernel, stride, padding }) => {
  const samples = 3;
  const channels = 4;
  const outChannels = 5;
  const place = { stride, top: padding, left: padding };
  const prng = createPrng(7, `${kernel}/${stride}`);
  const random = (shape: [number, number, number, number]): tf.Tensor4D =>
    tf.tensor(
      Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => prng.normal()),
      shape,
    );
  const x = random([samples, height, width, channels]);

  it("equal tfjs's loops", () => {
    const w = random([kernel, kernel, channels, outChannels]);
    const y = tf.conv2d(x, w, stride, padding);
    const dy = random(y.shape);
    const [dx, dw] = tf.grads((x, w) =>
      tf
        .conv2d(x as tf.Tensor4D, w as tf.Tensor4D, stride, padding)
        .mul(dy)
        .sum(),
    )([x, w]) as [tf.Tensor4D, tf.Tensor4D];
    expectClose(convInputGradient(dy, w, x.shape, place), dx);
    expectClose(convFilterGradient(x, dy, w.shape, place), dw);
  });

  it("equal tfjs's loops, depthwise", () => {
    const w = random([kernel, kernel, channels, 1]);
    const y = tf.depthwiseConv2d(x, w, stride, padding);
    const dy = random(y.shape);
    const [dx, dw] = tf.grads((x, w) =>
      tf
        .depthwiseConv2d(x as tf.Tensor4D, w as tf.Tensor4D, stride, padding)
        .mul(dy)
        .sum(),
    )([x, w]) as [tf.Tensor4D, tf.Tensor4D];
    expectClose(depthwiseInputGradient(dy, w, x.shape, place), dx);
    expectClose(depthwiseFilterGradient(x, dy, w.shape, place), dw);
  });
});

function expectClose(actual: tf.Tensor, expected: tf.Tensor): void {
  expect(actual.shape).toEqual(expected.shape);
  const a = actual.dataSync();
  const e = expected.dataSync();
  const scale = Math.max(...e.map(Math.abs));
  const worst = Math.max(...a.map((value, i) => Math.abs(value - (e[i] as number))));
  expect(worst / scale).toBeLessThan(2e-6);
}
