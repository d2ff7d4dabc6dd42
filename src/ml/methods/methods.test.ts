import { beforeAll, describe, expect, test } from "vitest";
import { useNodeBackend } from "../../../tools/nodeBackends.ts";
import { defaultConfig, type Config } from "../../contract/config.ts";
import { methodNames, methods } from "../../contract/methods.ts";
import { createPrng } from "../../lib/prng.ts";
import { improveBackend } from "../tfjs/improveBackend.ts";
import { saveWeights } from "../models/weights.ts";
import type { NetworkTeacher } from "../teachers/networkTeacher.ts";
import { createTestTeacher } from "../testing/testTeacher.ts";
import * as tf from "../tfjs/tf.ts";
import { createMethod } from "./createMethod.ts";
import type { ViewPair } from "../augment/viewPair.ts";

const config: Config = {
  ...defaultConfig,
  student: "resnet18",
  studentWidth: 4,
  hiddenWidth: 24,
  batchSize: 8,
  queueSize: 32,
  imageSize: 16,
  temperature: 0.2,
};
const settings = {
  learningRate: 0.02,
  distillWeight: 2,
  contrastiveWeight: 1,
  temperature: config.temperature,
};

beforeAll(async () => {
  await useNodeBackend("wasm");
  improveBackend("wasm");
});

describe.each(methodNames)("%s", (name) => {
  test("learns a batch by heart, leaks nothing, leaves the teacher as it was, and repeats itself", async () => {
    const teacher = createTestTeacher(methods[name].matchesEmbedding ? 20 : 14);
    const views = createViews("views");
    const companions = createViews("companions");
    const before = tf.memory().numTensors;
    const teacherBefore = await saveWeights(teacher.network, teacher.weights);

    const losses = await train(name, teacher, views, companions, 16);
    const again = await train(name, teacher, views, companions, 3);

    expect(losses.every(Number.isFinite)).toBe(true);
    // A queue's first keys are random and easy to tell apart, so a loss may rise while it fills.
    const highest = Math.max(...losses);
    expect(losses.at(-1)).toBeLessThan(highest - 0.05 * Math.abs(highest));
    expect(again).toEqual(losses.slice(0, 3));
    expect(tf.memory().numTensors).toBe(before);
    expect(await saveWeights(teacher.network, teacher.weights)).toEqual(teacherBefore);
    teacher.dispose();
    tf.dispose([views.first, views.second, companions.first, companions.second]);
  });
});

async function train(
  method: (typeof methodNames)[number],
  teacher: NetworkTeacher,
  views: ViewPair,
  companions: ViewPair,
  steps: number,
): Promise<number[]> {
  const trained = createMethod(
    { ...config, method, embeddingDim: 20 },
    methods[method].usesTeacher ? teacher : null,
  );
  const losses: number[] = [];
  const tensors: number[] = [];
  for (let step = 0; step < steps; step++) {
    const seen = trained.bags === undefined ? views : { ...views, companions };
    const scalars = trained.step(seen, settings);
    losses.push((await scalars.data())[0] as number);
    scalars.dispose();
    tensors.push(tf.memory().numTensors);
  }
  expect(new Set(tensors.slice(1)).size).toBe(1); // momentum buffers appear in the first step
  trained.dispose();
  return losses;
}

function createViews(stream: string): ViewPair {
  const prng = createPrng(3, stream);
  const image = (): tf.Tensor4D =>
    tf.tensor4d(
      Float32Array.from({ length: 8 * 16 * 16 * 3 }, () => prng.uniform()),
      [8, 16, 16, 3],
    );
  return { first: image(), second: image() };
}
