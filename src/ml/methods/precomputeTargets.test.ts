import { beforeAll, expect, test } from "vitest";
import { useNodeBackend } from "../../../tools/nodeBackends.ts";
import { defaultConfig, type Config } from "../../contract/config.ts";
import type { MethodName } from "../../contract/methods.ts";
import { CpuViewSource } from "../augment/cpuViewSource.ts";
import { StoredViews } from "../augment/storedViews.ts";
import { plainViews } from "../augment/drawViews.ts";
import { demoBlocks } from "../data/demoBlocks.ts";
import { ImageStore } from "../data/imageStore.ts";
import { EpochSampler } from "../data/sampler.ts";
import { improveBackend } from "../tfjs/improveBackend.ts";
import { fitProjection } from "../teachers/fitProjection.ts";
import { PlainEmbeddings } from "../teachers/plainEmbeddings.ts";
import { ProjectedTeacher } from "../teachers/projectedTeacher.ts";
import type { Teacher } from "../teachers/teacher.ts";
import { createTestTeacher } from "../testing/testTeacher.ts";
import * as tf from "../tfjs/tf.ts";
import { train } from "../training/train.ts";
import { createMethod } from "./createMethod.ts";
import type { Method, Views } from "./method.ts";
import {
  embedAhead,
  lookUpTargets,
  lookUpTargetsOfStoredViews,
  type PrecomputeTargets,
} from "./precomputeTargets.ts";
import { prepareMethod } from "./prepareMethod.ts";

const size = 16;
const base: Config = {
  ...defaultConfig,
  teacherViews: "same",
  studentWidth: 4,
  hiddenWidth: 24,
  batchSize: 8,
  queueSize: 32,
  imageSize: size,
  seed: 11,
};
const images = new ImageStore(20);
for (const block of demoBlocks({ seed: 3, count: 90, size: 20 })) images.append(block);
const source = new CpuViewSource(images, size);
const plainOf = (some: Int32Array): tf.Tensor4D => plainViews(source, some);
const members = Int32Array.from({ length: images.count }, (_, i) => i).filter((i) => i % 4 !== 0);
const watch = { report: () => undefined, cancelled: () => false };

beforeAll(async () => {
  await useNodeBackend("wasm");
  improveBackend("wasm");
});

/** The same teacher behind promises. */
function later(inner: Teacher): Teacher {
  return {
    card: inner.card,
    supportsTrainBatchNorm: false,
    embeds: "later",
    async embed(...given) {
      await Promise.resolve();
      return tf.tidy(() => {
        const { embedding, features } = inner.embed(...given) as {
          embedding: tf.Tensor2D;
          features: tf.Tensor2D;
        };
        return { embedding, features };
      });
    },
    dispose: () => inner.dispose(),
  };
}

/** Losses of three steps; `watched` sees what the steps see. */
async function losses(
  config: Config,
  teacher: Teacher,
  precomputeTargets?: PrecomputeTargets,
  watched?: (views: Views) => void,
): Promise<number[]> {
  const method = createMethod(config, teacher);
  await prepareMethod(method, { teacher, source, train: members, config }, watch);
  const seen: Method = {
    trainer: method.trainer,
    studentViews: method.studentViews,
    ...(method.bags === undefined ? {} : { bags: method.bags }),
    step(views, settings) {
      watched?.(views);
      return method.step(views, settings);
    },
    dispose: () => method.dispose(),
  };
  const loop = train({
    method: seen,
    source,
    sampler: new EpochSampler(members, config.batchSize, config.seed),
    config,
    totalSteps: 3,
    live: () => config,
    ...(precomputeTargets === undefined ? {} : { precomputeTargets }),
  });
  const all: number[] = [];
  for await (const { scalars } of loop) {
    all.push((await scalars.data())[0]!);
    scalars.dispose();
  }
  method.dispose();
  return all;
}

test.each(["disco", "distillOnly", "seed", "compress", "simReg", "doGo", "bingo"] satisfies MethodName[])(
  "%s learns the same from a teacher that embeds later",
  async (method) => {
    const config = { ...base, method };
    const teacher = createTestTeacher(20);
    const before = tf.memory().numTensors;
    const slow = later(teacher);
    const ahead = await losses(config, slow, embedAhead(method, slow, 0));
    expect(tf.memory().numTensors).toBe(before);
    const now = await losses(config, teacher);
    ahead.forEach((loss, step) => expect(loss).toBeCloseTo(now[step]!, 4));
    expect(now[0]).not.toBeCloseTo(now[1]!, 4);
    teacher.dispose();
  },
);

test("a projection of a teacher that embeds later is that of the teacher", async () => {
  const teacher = createTestTeacher(20);
  const before = tf.memory().numTensors;
  const slow = later(teacher);
  const [now, ahead] = [
    await fitProjection(teacher, source, members, 6, base, new PlainEmbeddings(teacher, images.count, 0)),
    await fitProjection(slow, source, members, 6, base, new PlainEmbeddings(slow, images.count, 0)),
  ];
  expect(ahead).toEqual(now);
  const projected = new ProjectedTeacher(later(teacher), now.projection);
  const direct = new ProjectedTeacher(teacher, now.projection);
  const config = { ...base, embeddingDim: 6 };
  const curve = await losses(config, projected, embedAhead("disco", projected, 0));
  (await losses(config, direct)).forEach((loss, step) => expect(curve[step]).toBeCloseTo(loss, 4));
  projected.dispose();
  direct.dispose();
  expect(tf.memory().numTensors).toBe(before);
  teacher.dispose();
});

test("with plain views both views are pulled to the untouched image's embedding, as a slow loop finds", async () => {
  const teacher = createTestTeacher(20);
  const config: Config = {
    ...base,
    method: "distillOnly",
    teacherViews: "plain",
    distillWeight: 1,
    learningRate: 0,
  };
  const batches: number[] = [];
  const counted: Teacher = {
    card: teacher.card,
    supportsTrainBatchNorm: false,
    embeds: "now",
    embed(...views) {
      batches.push(views[0].shape[0]);
      return teacher.embed(...views);
    },
    dispose: () => undefined,
  };
  const plain = new PlainEmbeddings(counted, images.count, 0);

  // Which student rows the steps compared: by a student of the same seed, whose weights do not move.
  const pairs: Promise<readonly Float32Array[]>[] = [];
  const twin = createMethod(config, teacher);
  const curve = await losses(
    config,
    teacher,
    lookUpTargets("distillOnly", plain, plainOf, (embedded) => embedded),
    ({ first, second }) => {
      const rows = [first, second].map((view) =>
        tf.tidy(() => twin.trainer.run(twin.trainer.prepare(view)).embedding),
      );
      pairs.push(Promise.all(rows.map((tensor) => tensor.data<"float32">())));
      tf.dispose(rows);
    },
  );
  const sampler = new EpochSampler(members, config.batchSize, config.seed);
  const unit = (row: Float32Array): number[] => Array.from(row, (value) => value / Math.hypot(...row));
  for (const [step, pair] of pairs.entries()) {
    const { indices } = sampler.next();
    let sum = 0;
    for (const [row, index] of indices.entries()) {
      const embedding = tf.tidy(
        () => teacher.embed(plainViews(source, Int32Array.of(index)), "eval", 0).embedding,
      );
      const target = unit(await embedding.data<"float32">());
      embedding.dispose();
      for (const view of await pair) {
        const student = unit(view.subarray(row * 20, (row + 1) * 20));
        sum += student.reduce((squares, value, d) => squares + (value - target[d]!) ** 2, 0) / indices.length;
      }
    }
    expect(curve[step]).toBeCloseTo(sum, 4);
  }

  // Each image of three batches without a repetition was shown to the teacher once; twice the same new one is, too.
  expect(batches).toEqual([8, 8, 8]);
  const before = tf.memory().numTensors;
  const fourth = sampler.next().indices;
  const rows = await plain.rows(Int32Array.of(fourth[0]!, ...fourth, fourth[0]!), plainOf);
  tf.dispose([rows.embedding, rows.features]);
  expect(batches).toEqual([8, 8, 8, 8]);
  expect(tf.memory().numTensors).toBe(before);

  const augmented = await losses({ ...config, teacherViews: "same" }, teacher);
  expect(augmented[0]).not.toBeCloseTo(curve[0]!, 3); // the plain image is another target
  twin.dispose();
  teacher.dispose();
});

test("each stored view is embedded once, and its target is the one computed at every step", async () => {
  const teacher = createTestTeacher(20);
  const config: Config = { ...base, cachedViews: 2 };
  const batches: number[] = [];
  const counted: Teacher = {
    ...later(teacher),
    embeds: "now",
    embed(...views) {
      batches.push(views[0].shape[0]);
      return teacher.embed(...views);
    },
  };
  const stored = new StoredViews(source, config);
  const known = new PlainEmbeddings(counted, images.count * config.cachedViews, 0);
  const before = tf.memory().numTensors;
  const lookedUp = lookUpTargetsOfStoredViews(
    "disco",
    known,
    (some) => stored.render(some),
    (embedded) => embedded,
  );
  const [ahead, now] = [await losses(config, teacher, lookedUp), await losses(config, teacher)];
  ahead.forEach((loss, step) => expect(loss).toBeCloseTo(now[step]!, 4));
  const first = batches.reduce((sum, views) => sum + views, 0);
  expect(first).toBe(3 * 2 * config.batchSize); // both views of three batches of new images
  await losses(config, teacher, lookedUp);
  expect(batches.reduce((sum, views) => sum + views, 0)).toBe(first);
  // Another seed takes the same views in another order; fresh views are others.
  await losses({ ...config, seed: 12 }, teacher, lookedUp);
  expect(batches.reduce((sum, views) => sum + views, 0)).toBeLessThanOrEqual(2 * members.length);
  expect((await losses(base, teacher))[0]).not.toBeCloseTo(now[0]!, 3);
  expect(tf.memory().numTensors).toBe(before);
  teacher.dispose();
});

test("refuses embeddings computed once that would depend on the batch", () => {
  const teacher = createTestTeacher(20);
  const config: Config = { ...base, teacherViews: "plain", teacherBatchNorm: "train" };
  expect(() => createMethod(config, teacher)).toThrow("cannot depend on each step's batch");
  teacher.dispose();
});
