/**
 * Every kind of layer's gradient against finite differences of its own forward pass, on every backend a browser has.
 * (Against PyTorch: `npm run verify`.)
 */
import { describe, expect, test } from "vitest";
import { createPrng } from "../../lib/prng.ts";
import { openBackend } from "../../worker/engine/backend.ts";
import { browserLoader } from "../../worker/engine/browserLoader.ts";
import * as tf from "../tfjs/tf.ts";
import { activationNames, NetworkBuilder, type LayerIndex, type Network } from "../models/network.ts";
import { forward } from "./forward.ts";
import { disposeWeights, initialiseWeights } from "../models/weights.ts";

const [samples, side, channels] = [3, 6, 4] as const;

interface Case {
  readonly name: string;
  readonly build: (builder: NetworkBuilder, input: LayerIndex) => LayerIndex;
  readonly subBatches?: number;
}

const cases: readonly Case[] = [
  { name: "3×3 convolution", build: (b, x) => b.conv("c", x, channels, 5, 3) },
  { name: "3×3 convolution, stride 2", build: (b, x) => b.conv("c", x, channels, 5, 3, { stride: 2 }) },
  {
    name: "1×1 convolution, stride 2, bias",
    build: (b, x) => b.conv("c", x, channels, 5, 1, { stride: 2, bias: true }),
  },
  { name: "5×5 depthwise", build: (b, x) => b.conv("c", x, channels, channels, 5, { groups: channels }) },
  {
    name: "3×3 depthwise, stride 2",
    build: (b, x) => b.conv("c", x, channels, channels, 3, { groups: channels, stride: 2 }),
  },
  { name: "BatchNorm", build: (b, x) => b.batchNorm("n", x, channels) },
  { name: "BatchNorm in 3 sub-batches", subBatches: 3, build: (b, x) => b.batchNorm("n", x, channels) },
  ...activationNames.map((fn) => ({
    name: fn,
    build: (b: NetworkBuilder, x: LayerIndex) => b.activation(x, fn),
  })),
  { name: "max-pool", build: (b, x) => b.maxPool(x, 3, 2, 1) },
  {
    name: "global average pool and linear",
    build: (b, x) => b.linear("l", b.globalAveragePool(x), channels, 3),
  },
  { name: "addition", build: (b, x) => b.add(x, b.activation(x, "sigmoid")) },
  {
    name: "squeeze-excite's gate",
    build: (b, x) => b.gate(x, b.activation(b.globalAveragePool(x), "sigmoid")),
  },
];

describe.each(["cpu", "wasm", "webgl", "webgpu"] as const)("on %s", (backend) => {
  test.each(cases)("$name", async ({ name, build, subBatches }) => {
    await openBackend(backend, browserLoader);
    const builder = new NetworkBuilder();
    const output = build(builder, builder.input(channels));
    const network: Network = {
      title: name,
      layers: builder.layers,
      features: output,
      featureDim: 0,
      embedding: output,
      embeddingDim: 0,
      taps: {},
    };
    const prng = createPrng(11, name);
    const weights = initialiseWeights(network, prng);
    const normals = (count: number): Float32Array =>
      Float32Array.from({ length: count }, () => prng.normal());
    const run = (x: tf.Tensor): tf.Tensor =>
      forward(network, weights, x as tf.Tensor4D, [output], {
        mode: "train",
        subBatches: subBatches ?? 1,
      })[0] as tf.Tensor;

    const shape: [number, number, number, number] = [samples, side, side, channels];
    const x = tf.tensor4d(normals(samples * side * side * channels).map(awayFromKinks), shape);
    // Directions in which the loss is differentiated: the input's, and every parameter's at once.
    const away = tf.tensor4d(normals(x.size), shape);
    const size = tf.tidy(() => run(x).shape);
    const upstream = tf.tensor(normals(size.reduce((a, b) => a * b)), size);
    const loss = (input: tf.Tensor): tf.Scalar => tf.sum(tf.mul(run(input), upstream));

    const analytic = tf.tidy(() => tf.sum(tf.mul(tf.grad(loss)(x), away)));
    expect(await numericalSlope((step) => loss(tf.add(x, tf.mul(away, step))))).toBeCloseTo(
      ...within((await analytic.data())[0] as number),
    );

    for (const [parameterName, variable] of weights.parameters) {
      const direction = tf.tensor(normals(variable.size), variable.shape);
      const start = tf.clone(variable);
      const slope = tf.tidy(() => {
        const { grads } = tf.variableGrads(() => loss(x), [variable]);
        return tf.sum(tf.mul(grads[variable.name] as tf.Tensor, direction));
      });
      const numerical = await numericalSlope((step) => {
        variable.assign(tf.add(start, tf.mul(direction, step)));
        return loss(x);
      });
      expect(numerical, parameterName).toBeCloseTo(...within((await slope.data())[0] as number));
      variable.assign(start);
      tf.dispose([direction, start, slope]);
    }
    tf.dispose([x, away, upstream, analytic]);
    disposeWeights(weights);
  });
});

/** Piecewise functions bend at these values; no step of the differences may cross one. */
function awayFromKinks(value: number): number {
  const kink = [-3, 0, 3, 6].find((at) => Math.abs(value - at) < 0.1);
  return kink === undefined ? value : kink + (value < kink ? -0.1 : 0.1);
}

/** Fourth-order central difference at 0: errors of order h⁴ and of rounding/h, about 1e-3 together in float32. */
async function numericalSlope(f: (step: number) => tf.Scalar): Promise<number> {
  const h = 0.01;
  const values = tf.tidy(() => tf.stack([f(-2 * h), f(-h), f(h), f(2 * h)]));
  const [a, b, c, d] = (await values.data()) as unknown as [number, number, number, number];
  values.dispose();
  return (a - 8 * b + 8 * c - d) / (12 * h);
}

/** The expected value, and as many digits as make 1 % of it, or of 1 where it is smaller. */
function within(expected: number): [number, number] {
  return [expected, Math.max(-3, Math.floor(-Math.log10(2 * 0.01 * Math.max(1, Math.abs(expected)))))];
}
