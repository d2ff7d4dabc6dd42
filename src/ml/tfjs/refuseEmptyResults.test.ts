import { expect, test } from "vitest";
import { useNodeBackend } from "../../../tools/nodeBackends.ts";
import * as tf from "./tf.ts";
import { refuseEmptyResults } from "./refuseEmptyResults.ts";

const filter = (multiplier: number): tf.Tensor4D => tf.ones([3, 3, 4, multiplier]);
const layers = {
  convolution: (x) => tf.conv2d(x, filter(2), 2, "valid"),
  "fused convolution": (x) =>
    tf.fused.conv2d({ x, filter: filter(2), strides: 2, pad: "valid", activation: "relu" }),
  "depthwise convolution": (x) => tf.depthwiseConv2d(x, filter(1), 2, "valid"),
  "fused depthwise convolution": (x) =>
    tf.fused.depthwiseConv2d({ x, filter: filter(1), strides: 2, pad: "valid", activation: "relu" }),
  "max pooling": (x) => tf.maxPool(x, 3, 2, "valid"),
  "average pooling": (x) => tf.avgPool(x, 3, 2, "valid"),
} satisfies Record<string, (x: tf.Tensor4D) => tf.Tensor>;

test.each(
  (["cpu", "wasm"] as const).flatMap((backend) =>
    Object.entries(layers).map(([name, layer]) => ({ backend, name, layer })),
  ),
)("on $backend a $name that leaves nothing of an image is refused, with its sizes", async (it) => {
  await useNodeBackend(it.backend);
  refuseEmptyResults(it.backend);
  refuseEmptyResults(it.backend); // a second time changes nothing
  const run = (side: number): number[] =>
    tf.tidy(() => it.layer(tf.ones<tf.Rank.R4>([1, side, side, 4])).shape);
  expect(run(3).slice(1, 3)).toEqual([1, 1]);
  expect(() => run(2)).toThrow(/window of 3×3 gets 2×2 values and leaves nothing/);
});
