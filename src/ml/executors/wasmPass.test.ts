import { expect, test } from "vitest";
import { useNodeBackend } from "../../../tools/nodeBackends.ts";
import { createPrng } from "../../lib/prng.ts";
import { improveBackend } from "../tfjs/improveBackend.ts";
import * as tf from "../tfjs/tf.ts";
import { namedEncoder } from "../models/encoder.ts";
import { executorOf, forwardViews } from "./forward.ts";
import type { ForwardOptions } from "./forwardOptions.ts";
import { disposeWeights, initialiseWeights, saveWeights } from "../models/weights.ts";

const head = { hidden: 12, out: 7 };
const resNet18 = namedEncoder("resnet18", "cifar", 4, { ...head, batchNorm: true });
const resNet9 = namedEncoder("resnet9", "cifar", 4, head);
const resNet50 = namedEncoder("resnet50", "imagenet", 4, head);
const efficientNetB0 = namedEncoder("efficientnetB0", "cifar", 8, head);
const mobileNetSmall = namedEncoder("mobilenetV3Small", "imagenet", 16, head);
const mobileNetLarge = namedEncoder("mobilenetV3Large", "cifar", 8, head);

interface Case {
  readonly name: string;
  readonly network: typeof resNet18;
  /** [N, H, W, 3]; odd ones make strides leave a rest. */
  readonly shape: [number, number, number, number];
  readonly options: ForwardOptions;
  /** Parts of the batch that go as views of their own: one after the other on cpu, in one pass on WASM. */
  readonly views?: number;
  /** Of the weights; 5 unless a unit of it lies on a kink, where either side is right (layer by layer is as far off). */
  readonly seed?: number;
}

/** Embedding and features, their gradients by everything, and what the pass left behind, on one backend. */
async function everything(
  backend: "cpu" | "wasm",
  { network, shape, options, views = 1, seed: weightSeed = 5 }: Case,
): Promise<Map<string, Float32Array>> {
  await useNodeBackend(backend);
  improveBackend(backend);
  const weights = initialiseWeights(network, createPrng(weightSeed, "init"));
  let seed = 2 * weightSeed;
  tf.tidy(() => {
    // BatchNorm's start of 1 and 0 would hide a lot.
    for (const value of [...weights.parameters.values(), ...weights.buffers.values()])
      value.assign(tf.add(value, tf.randomUniform(value.shape, 0, 0.2, "float32", ++seed)));
  });
  const x = tf.variable(tf.randomNormal<tf.Rank.R4>(shape, 0.2, 1, "float32", 1));
  const found = new Map<string, Float32Array>();
  const pass = (): tf.Tensor[] => {
    const wanted = [network.embedding, network.features];
    const results = forwardViews(network, weights, views === 1 ? [x] : tf.split(x, views), wanted, options);
    const [embedding, features] = wanted.map((_, i) => tf.concat(results.map((view) => view[i]!)));
    const weighted = (y: tf.Tensor, seed: number): tf.Tensor =>
      tf.sum(tf.mul(y, tf.randomNormal(y.shape, 0, 1, "float32", seed)));
    return [embedding!, features!, tf.add(weighted(embedding!, 2), weighted(features!, 3))];
  };
  const step = (): Record<string, tf.Tensor> =>
    tf.tidy(() => {
      const variables = [x, ...weights.parameters.values()];
      const { grads } = tf.variableGrads(() => pass()[2] as tf.Scalar, variables);
      const named = [...weights.parameters].map(([name, { name: id }]) => [`d ${name}`, grads[id]!] as const);
      const [embedding, features] = pass(); // off the tape
      return {
        ...Object.fromEntries(named),
        "d input": grads[x.name]!,
        embedding: embedding!,
        features: features!,
      };
    });
  tf.dispose(step()); // what is made once
  const buffers = tf.backend().numDataIds();
  const results = step();
  const made = Object.keys(results).length;
  for (const [name, tensor] of Object.entries(results))
    found.set(name, Float32Array.from(await tensor.data()));
  tf.dispose(results);
  expect(made).toBe(weights.parameters.size + 3); // every gradient, and that by the input; embedding and features
  expect(tf.backend().numDataIds()).toBe(buffers);
  for (const [name, { data }] of await saveWeights(network, weights)) found.set(name, data);
  x.dispose();
  disposeWeights(weights);
  return found;
}

test.each<Case>([
  { name: "ResNet-18", network: resNet18, shape: [4, 12, 12, 3], options: { mode: "train" } },
  {
    name: "ResNet-18 in sub-batches, odd",
    network: resNet18,
    shape: [6, 13, 11, 3],
    options: { mode: "train", subBatches: 2 },
  },
  {
    name: "two views of a ResNet-18 in sub-batches",
    network: resNet18,
    shape: [12, 12, 9, 3],
    options: { mode: "train", subBatches: 2 },
    views: 2,
  },
  {
    name: "three views of a ResNet-18",
    network: resNet18,
    shape: [6, 12, 12, 3],
    options: { mode: "train" },
    views: 3,
  },
  { name: "ResNet-9", network: resNet9, shape: [6, 17, 16, 3], options: { mode: "train" }, views: 2 },
  { name: "a frozen ResNet-9", network: resNet9, shape: [3, 16, 16, 3], options: { mode: "eval" } },
  { name: "ResNet-50", network: resNet50, shape: [4, 38, 33, 3], options: { mode: "train" } },
  { name: "a frozen ResNet-18", network: resNet18, shape: [3, 12, 12, 3], options: { mode: "eval" } },
  { name: "EfficientNet-B0", network: efficientNetB0, shape: [4, 33, 32, 3], options: { mode: "train" } },
  {
    name: "MobileNetV3-Small in two views",
    network: mobileNetSmall,
    shape: [8, 40, 64, 3],
    options: { mode: "train" },
    views: 2,
    seed: 7,
  },
  {
    name: "MobileNetV3-Large in sub-batches",
    network: mobileNetLarge,
    shape: [8, 32, 32, 3],
    options: { mode: "train", subBatches: 2 },
    seed: 9,
  },
  {
    name: "a frozen EfficientNet-B0",
    network: efficientNetB0,
    shape: [3, 32, 32, 3],
    options: { mode: "eval" },
    seed: 11,
  },
])(
  "$name: a pass as one operation on WASM equals tfjs's cpu backend, and leaves no buffer behind",
  async (it) => {
    const expected = await everything("cpu", it);
    const actual = await everything("wasm", it);
    expect([...actual.keys()]).toEqual([...expected.keys()]);
    for (const [name, values] of expected) {
      const largest = Math.max(1e-3, ...values.map(Math.abs));
      const difference = Math.max(...values.map((value, i) => Math.abs(value - actual.get(name)![i]!)));
      expect(difference / largest, name).toBeLessThan(2e-4);
    }
  },
);

test("a network goes as one pass on WASM, and layer by layer elsewhere", async () => {
  const mobile = namedEncoder("mobilenetV3Small", "imagenet", 4, head);
  const chosen = async (backend: "cpu" | "wasm") => {
    await useNodeBackend(backend);
    return [resNet9, resNet50, mobile].map(executorOf);
  };
  expect(await chosen("wasm")).toEqual(["wasmPass", "wasmPass", "wasmPass"]);
  expect(await chosen("cpu")).toEqual(["layerByLayer", "layerByLayer", "layerByLayer"]);
});
