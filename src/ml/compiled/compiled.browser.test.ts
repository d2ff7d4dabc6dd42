import { beforeAll, describe, expect, it } from "vitest";
import { invariant } from "../../lib/invariant.ts";
import { createPrng } from "../../lib/prng.ts";
import { browserLoader } from "../../worker/engine/browserLoader.ts";
import { improveBackend } from "../tfjs/improveBackend.ts";
import { randomKeyQueue } from "../losses/queue.ts";
import { Disco } from "../methods/disco.ts";
import { DistillOnly } from "../methods/distillOnly.ts";
import { FrozenTeacher } from "../methods/frozenTeacher.ts";
import { disposeTargets } from "../methods/precomputeTargets.ts";
import type { PrecomputedTargets, Views } from "../methods/method.ts";
import { StudentTrainer } from "../methods/studentTrainer.ts";
import { namedEncoder, resNet } from "../models/encoder.ts";
import type { Network } from "../models/network.ts";
import { forward } from "../executors/forward.ts";
import type { ResNetShape } from "../models/resnet.ts";
import { disposeWeights, initialiseWeights, type Weights } from "../models/weights.ts";
import { NetworkTeacher } from "../teachers/networkTeacher.ts";
import { makeUnusual } from "../testing/unusualWeights.ts";
import { imageNetPreprocessing, normalizeImages } from "../tensors/normalizeImages.ts";
import * as tf from "../tfjs/tf.ts";
import { CompiledDisco } from "./compiledDisco.ts";
import { CompiledEncoder } from "./compiledEncoder.ts";
import { globalAveragePool } from "../wgsl/pooling.ts";
import { Plan } from "./plan/plan.ts";
import type { Granularity } from "../wgsl/granularity.ts";
import { tfjsGpu, type TfjsGpu } from "../tfjs/tfjsGpu.ts";

/** Tiles of all sizes, and several parts to a sum. */
const inRegisters: Granularity = {
  threads: 512,
  tiling: null,
  rowWorkgroups: null,
  sums: 64,
  columns: 8,
  loads: 20,
};
/** As hardware gets them, but with a tile that compiles quickly here. */
const inWorkgroups: Granularity = {
  ...inRegisters,
  rowWorkgroups: 6,
  tiling: {
    workgroups: 6,
    tiles: [{ rows: 32, columns: 16, depth: 8, ownRows: 4, ownColumns: 4, speed: 1 }],
  },
};
let gpu: TfjsGpu;

beforeAll(async () => {
  await browserLoader.webgpu();
  await tf.setBackend("webgpu");
  await tf.ready();
  improveBackend("webgpu");
  const found = tfjsGpu();
  invariant(found !== null, "these tests need WebGPU");
  gpu = found;
});

interface Case {
  readonly title: string;
  readonly network: Network;
  readonly side: number;
}

const shallow: ResNetShape = {
  title: "two stages of bottlenecks",
  stem: "cifar",
  stemWidth: 4,
  bottleneck: true,
  stages: [
    { channels: 16, inner: 4, blocks: 1, stride: 1 },
    { channels: 32, inner: 8, blocks: 2, stride: 2 },
  ],
};

/**
 * Widths and sides that fill neither tiles nor groups of four: embeddings of 6, rows of 5, 10, 13 and 14 pixels. No
 * ResNet-50: its gradients at this size move by 10⁻² when the images move by 10⁻⁶ (signs of ReLUs change).
 */
const cases: readonly Case[] = [
  { title: "ResNet-18", network: namedEncoder("resnet18", "cifar", 4, { hidden: 10, out: 6 }), side: 10 },
  {
    title: "ResNet-18, 7×7 stem",
    network: namedEncoder("resnet18", "imagenet", 8, { hidden: 12, out: 6 }),
    side: 26,
  },
  { title: "bottlenecks, one Linear", network: resNet(shallow, { hidden: 0, out: 8 }), side: 13 },
  {
    title: "BatchNorm in the head",
    network: namedEncoder("resnet18", "cifar", 4, { hidden: 12, out: 8, batchNorm: true }),
    side: 8,
  },
  {
    title: "ResNet-9",
    network: namedEncoder("resnet9", "cifar", 4, { hidden: 10, out: 6 }),
    side: 18,
  },
  {
    title: "MobileNetV3-Small",
    network: namedEncoder("mobilenetV3Small", "cifar", 8, { hidden: 16, out: 6 }),
    side: 14,
  },
  {
    title: "EfficientNet-B0",
    network: namedEncoder("efficientnetB0", "cifar", 8, { hidden: 16, out: 8 }),
    side: 14,
  },
];
const titles = cases.map((given) => [given.title, given] as const);
/** Every kernel that works in workgroup memory, behind a stem with stride and a maximum pool. Each compiles for a second. */
const inWorkgroupsCases = [
  {
    title: "bottlenecks behind a 7×7 stem",
    network: resNet({ ...shallow, stem: "imagenet", stages: shallow.stages.slice(1) }, { hidden: 0, out: 8 }),
    side: 22,
  },
  ...cases.filter(({ title }) => title.startsWith("EfficientNet")),
].map((given) => [given.title, given] as const);

describe("CompiledEncoder equals the run layer by layer in evaluation mode", () => {
  it.each(titles)("%s", (_, given) => compareEncoders(given, inRegisters));
  it.each(inWorkgroupsCases)("%s, in workgroup memory", (_, given) => compareEncoders(given, inWorkgroups));
});

async function compareEncoders({ network, side }: Case, granularity: Granularity): Promise<void> {
  const weights = randomWeights(network, "encoder");
  const samples = 3;
  const images = randomImages(samples, side, 1);
  const shape = { samples, height: side, width: side };
  const encoder = await CompiledEncoder.compile(
    gpu,
    network,
    weights,
    shape,
    imageNetPreprocessing,
    granularity,
  );
  const { embedding, features } = encoder.run(images);
  const expected = tf.tidy(() =>
    forward(
      network,
      weights,
      normalizeImages(images, imageNetPreprocessing),
      [network.embedding, network.features],
      { mode: "eval" },
    ),
  );
  expect(await worstRelative(embedding, expected[0] as tf.Tensor)).toBeLessThan(1e-5);
  expect(await worstRelative(features, expected[1] as tf.Tensor)).toBeLessThan(1e-5);
  encoder.dispose();
}

it("a kernel reaches rows that do not fit one axis of a launch", async () => {
  const samples = 32_768 * 64 + 5;
  const plan = new Plan();
  const [x, y] = [plan.persistent("x", samples * 4), plan.persistent("y", samples * 4)];
  plan.launch(globalAveragePool({ samples, pixels: 1, channels: 4 }, inRegisters), [x, y]);
  const built = await plan.build(gpu.device);
  const values = Float32Array.from({ length: samples * 4 }, (_, i) => i % 1000);
  gpu.device.queue.writeBuffer(built.bufferOf(x), 0, values);
  const encoder = gpu.device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  built.encode(pass);
  pass.end();
  gpu.device.queue.submit([encoder.finish()]);
  const copied = await tf.tensor({ buffer: built.bufferOf(y) }, [samples * 4], "float32").data();
  expect(values.findIndex((value, i) => copied[i] !== value)).toBe(-1);
  built.dispose();
});

describe("CompiledDisco takes the steps of Disco", () => {
  // One step at rate 1 moves every weight by its gradient; more would amplify rounding in networks this small.
  it.each(titles)("one of %s", (_, given) => compareSteps(given, { rate: 1, steps: 1 }), 180_000);
  it.each(inWorkgroupsCases)(
    "one of %s, in workgroup memory",
    (_, given) => compareSteps(given, { rate: 1, steps: 1, granularity: inWorkgroups }),
    180_000,
  );
  const small = cases[0] as Case;
  it("holding no more after many steps than after a few", async () => {
    const compiled = await compile(createMethod(small, { rate: 0, steps: 0 }), small);
    const views = { first: randomImages(batch, small.side, 1), second: randomImages(batch, small.side, 2) };
    const settings = { learningRate: 0.001, distillWeight: 1, contrastiveWeight: 1, temperature: 0.2 };
    const held = async (steps: number): Promise<unknown> => {
      for (let i = 0; i < steps; i++) compiled.step(views, settings).dispose();
      const { numTensors, numBytesAllocatedInGPU } = tf.memory() as tf.MemoryInfo & Record<string, number>;
      return { numTensors, numBytesAllocatedInGPU };
    };
    const early = await held(5);
    expect(await held(60)).toEqual(early);
    compiled.dispose();
  });
  it("several", () => compareSteps(small, { rate: 0.01, steps: 4 }));
  it("with split BatchNorm", () => compareSteps(small, { rate: 0.01, steps: 2, subBatches: 2 }));
  it("with precomputed targets", () => compareSteps(small, { rate: 0.01, steps: 2, targets: true }));
  it("without a teacher (MoCo-v2)", () => compareSteps(small, { rate: 0.01, steps: 2, teacher: false }));
  it("without a queue (distillation alone)", () =>
    compareSteps(small, { rate: 0.01, steps: 2, contrast: false }));
});

describe("CompiledDisco takes the steps of Disco with Muon", () => {
  // A decay as large as the move, or its absence would not show.
  const several = { optimiser: "muon", rate: 0.01, steps: 3, weightDecay: 1 } as const;
  const titled = (title: string): Case => cases.find((given) => given.title === title) as Case;
  const shallowCase = titled("bottlenecks, one Linear");
  it("of a shallow network", () => compareSteps(shallowCase, several));
  it("of ResNet-9", () => compareSteps(titled("ResNet-9"), several));
  it("of ResNet-18", () => compareSteps(titled("ResNet-18"), several));
  it("without a teacher (MoCo-v2)", () => compareSteps(titled("ResNet-9"), { ...several, teacher: false }));
  it("without a queue (distillation alone)", () =>
    compareSteps(titled("ResNet-9"), { ...several, contrast: false }));
  it("one of MobileNetV3-Small, with its depthwise filters", () =>
    // The shift behind a projection is taken away by the next BatchNorm: its gradient is rounding, of which Adam takes the sign.
    compareSteps(titled("MobileNetV3-Small"), { ...several, steps: 1, except: /block\.[23]\.1\.bias$/ }));
});

interface Options {
  readonly rate: number;
  readonly steps: number;
  readonly subBatches?: number;
  readonly teacher?: boolean;
  /** false: distillation alone. */
  readonly contrast?: boolean;
  readonly optimiser?: "sgd" | "muon";
  readonly weightDecay?: number;
  /** Parameters that are not compared. */
  readonly except?: RegExp;
  readonly granularity?: Granularity;
  /** The teacher does not run: random embeddings are given as precomputed targets. */
  readonly targets?: true;
}

const batch = 6;
const emaMomentum = 0.9;

/** DisCo, or distillation alone, in the state it always begins with here. */
function createMethod({ network }: Case, options: Options): Disco | DistillOnly {
  const teacherNetwork = resNet(shallow, { hidden: 0, out: network.embeddingDim });
  const createTeacher = (): FrozenTeacher =>
    new FrozenTeacher(
      new NetworkTeacher(
        card(teacherNetwork),
        teacherNetwork,
        randomWeights(teacherNetwork, "teacher"),
        imageNetPreprocessing,
      ),
      { batchNorm: "eval", inputSize: 0 },
    );
  const trainer = new StudentTrainer(network, randomWeights(network, "student"), {
    optimiser: options.optimiser ?? "sgd",
    momentum: 0.9,
    weightDecay: options.weightDecay ?? 1e-3,
    batchNormGroups: options.subBatches ?? 1,
    preprocessing: imageNetPreprocessing,
  });
  if (options.contrast === false) return new DistillOnly(trainer, createTeacher());
  const queue = randomKeyQueue(createPrng(3, "queue"), 3 * batch, network.embeddingDim, batch);
  return new Disco(trainer, options.teacher === false ? null : createTeacher(), queue, emaMomentum);
}

function compile(
  method: Disco | DistillOnly,
  { side }: Case,
  granularity: Granularity = inRegisters,
): Promise<CompiledDisco> {
  const { trainer, teacher } = method;
  const contrast =
    method instanceof Disco ? { meanStudent: method.meanStudent, queue: method.queue, emaMomentum } : null;
  const size = { batch, height: side, width: side };
  return CompiledDisco.compile(gpu, { trainer, teacher, contrast }, size, granularity, () => {
    method.dispose();
  });
}

/**
 * Expects equal scalars, weights, running statistics and queues after some steps of both executors, compiled and layer by layer, on one of three
 * draws of images: rounding may turn the sign of a ReLU's input, which moves every gradient behind it, and both are right.
 */
async function compareSteps(given: Case, options: Options): Promise<void> {
  let different: readonly string[] = [];
  for (const draw of [0, 100, 200]) {
    different = await differencesOf(given, options, draw);
    if (different.length === 0) return;
  }
  expect(different).toEqual([]);
}

async function differencesOf(given: Case, options: Options, draw: number): Promise<readonly string[]> {
  const layerByLayer = createMethod(given, options);
  const other = createMethod(given, options);
  const compiled = await compile(other, given, options.granularity);
  const different: string[] = [];
  const compare = async (
    what: string,
    actual: tf.Tensor,
    expected: tf.Tensor,
    tolerance = 1e-3,
  ): Promise<void> => {
    if (options.except?.test(what)) return;
    const difference = await worstRelative(actual, expected);
    if (!(difference < tolerance)) different.push(`${what}: ${difference.toExponential(1)}`);
  };
  for (let step = 0; step < options.steps; step++) {
    const first = randomImages(batch, given.side, draw + 2 * step);
    const second = randomImages(batch, given.side, draw + 2 * step + 1);
    const targets =
      options.targets && randomTargets([first, second], given.network.embeddingDim, draw + step);
    const views: Views = { first, second, ...(targets === undefined ? {} : { targets }) };
    const settings = {
      learningRate: options.rate,
      distillWeight: 3,
      contrastiveWeight: 0.7,
      temperature: 0.2,
    };
    await compare(`scalars ${step}`, compiled.step(views, settings), layerByLayer.step(views, settings));
    tf.dispose([first, second]);
    disposeTargets(targets);
  }
  compiled.sync();
  const compareWeights = async (label: string, actual: Weights, expected: Weights): Promise<void> => {
    for (const [name, value] of [...expected.parameters, ...expected.buffers]) {
      const found = actual.parameters.get(name) ?? actual.buffers.get(name);
      invariant(found !== undefined, `${name} is there`);
      await compare(`${label} ${name}`, found, value);
    }
    expect(actual.batchesTracked).toBe(expected.batchesTracked);
  };
  await compareWeights("student", compiled.trainer.weights, layerByLayer.trainer.weights);
  if (options.optimiser === "muon") {
    // Its steps are small beside the weights, so what was added is compared too.
    const start = randomWeights(given.network, "student");
    for (const [name, before] of start.parameters) {
      const moveOf = (weights: Weights): tf.Tensor =>
        tf.sub(weights.parameters.get(name) as tf.Variable, before);
      const moves = tf.tidy(() => [moveOf(compiled.trainer.weights), moveOf(layerByLayer.trainer.weights)]);
      await compare(`move of student ${name}`, moves[0] as tf.Tensor, moves[1] as tf.Tensor, 1e-2);
      tf.dispose(moves);
    }
    disposeWeights(start);
  }
  if (other instanceof Disco && layerByLayer instanceof Disco) {
    await compareWeights("mean student", other.meanStudent, layerByLayer.meanStudent);
    await compare("queue", other.queue.keys(), layerByLayer.queue.keys());
    expect(other.queue.next).toBe(layerByLayer.queue.next);
  }
  compiled.dispose();
  layerByLayer.dispose();
  return different;
}

/** Another embedding for each view, nothing like the teacher's. */
function randomTargets(views: readonly tf.Tensor4D[], dim: number, seed: number): PrecomputedTargets {
  return new Map(
    views.map((view, i) => {
      const embedding = tf.randomNormal<tf.Rank.R2>([batch, dim], 0, 1, "float32", 900 + 10 * seed + i);
      return [view, { embedding, features: embedding }];
    }),
  );
}

function randomWeights(network: Network, stream: string): Weights {
  const weights = initialiseWeights(network, createPrng(7, stream));
  makeUnusual(weights, stream);
  return weights;
}

function randomImages(samples: number, side: number, seed: number): tf.Tensor4D {
  return tf.randomUniform([samples, side, side, 3], 0, 1, "float32", seed + 1);
}

function card(network: Network): NetworkTeacher["card"] {
  const { embeddingDim, featureDim } = network;
  return {
    name: "teacher",
    inputSize: 0,
    embeddingDim,
    featureDim,
  } as unknown as NetworkTeacher["card"];
}

/** max |a − b| / max |b|. */
async function worstRelative(actual: tf.Tensor, expected: tf.Tensor): Promise<number> {
  expect(actual.shape).toEqual(expected.shape);
  const [a, b] = [await actual.data(), await expected.data()];
  let worst = 0;
  let largest = 1e-12;
  for (let i = 0; i < b.length; i++) {
    worst = Math.max(worst, Math.abs((a[i] as number) - (b[i] as number)));
    largest = Math.max(largest, Math.abs(b[i] as number));
  }
  return Number.isNaN(worst) ? Infinity : worst / largest;
}
