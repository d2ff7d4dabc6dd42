import { expect, test } from "vitest";
import { useNodeBackend } from "../../../tools/nodeBackends.ts";
import { createPrng } from "../../lib/prng.ts";
import * as tf from "../tfjs/tf.ts";
import { filterGradientOnHeap } from "./heapConvolution.ts";
import { WasmHeap } from "./wasmHeap.ts";

// Samples and channels that come in fours and not; input and gradient as the filter; places that leave a rest of a tile.
test.each([
  { samples: 8, side: 5, channels: 8, outChannels: 12, kernel: 3, stride: 1, padding: 1 },
  { samples: 4, side: 6, channels: 16, outChannels: 20, kernel: 3, stride: 1, padding: 0 },
  { samples: 3, side: 7, channels: 8, outChannels: 9, kernel: 5, stride: 1, padding: 2 },
  { samples: 8, side: 6, channels: 12, outChannels: 8, kernel: 3, stride: 1, padding: 1 },
  { samples: 8, side: 9, channels: 4, outChannels: 8, kernel: 3, stride: 2, padding: 1 },
  { samples: 5, side: 8, channels: 3, outChannels: 8, kernel: 3, stride: 1, padding: 1 },
  { samples: 4, side: 5, channels: 8, outChannels: 16, kernel: 1, stride: 1, padding: 0 },
])(
  "a filter's gradient is what tfjs's own loops give: $samples×$side, $channels → $outChannels, $kernel/$stride/$padding",
  async ({ samples, side, channels, outChannels, kernel, stride, padding }) => {
    const prng = createPrng(side, "filter gradients");
    const random = (shape: [number, number, number, number]): tf.Tensor4D =>
      tf.tensor4d(
        Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => prng.normal()),
        shape,
      );
    const filterShape: [number, number, number, number] = [kernel, kernel, channels, outChannels];
    await useNodeBackend("cpu");
    const { x, dy, expected } = tf.tidy(() => {
      const [x, w] = [random([samples, side, side, channels]), random(filterShape)];
      const dy = random(tf.conv2d(x, w, stride, padding).shape);
      const gradient = tf.grad((w) => tf.conv2d(x, w as tf.Tensor4D, stride, padding));
      const read = (tensor: tf.Tensor): Float32Array => tensor.dataSync<"float32">();
      return {
        x: [read(x), x.shape] as const,
        dy: [read(dy), dy.shape] as const,
        expected: read(gradient(w, dy)),
      };
    });
    await useNodeBackend("wasm");
    const heap = WasmHeap.current() as WasmHeap;
    const given = [x, dy].map(([values, shape]) => tf.tensor4d(values, shape)) as [tf.Tensor4D, tf.Tensor4D];
    const before = tf.memory();
    const result = filterGradientOnHeap(heap, ...given, filterShape, { kernel, stride, padding });
    const found = heap.toTensor(result);
    expect(found.shape).toEqual(filterShape);
    const scale = Math.max(...expected.map(Math.abs));
    (await found.data<"float32">()).forEach((value, i) =>
      expect(Math.abs(value - expected[i]!) / scale, `number ${i}`).toBeLessThan(1e-5),
    );
    found.dispose();
    expect(tf.memory().numDataBuffers).toBe(before.numDataBuffers);
    tf.dispose(given);
  },
);
