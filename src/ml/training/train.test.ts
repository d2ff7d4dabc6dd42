import { beforeAll, describe, expect, test } from "vitest";
import { useNodeBackend } from "../../../tools/nodeBackends.ts";
import { defaultConfig, type Config } from "../../contract/config.ts";
import { methodNames, methods, methodSettings } from "../../contract/methods.ts";
import { CpuViewSource } from "../augment/cpuViewSource.ts";
import { demoBlocks } from "../data/demoBlocks.ts";
import { ImageStore } from "../data/imageStore.ts";
import { EpochSampler } from "../data/sampler.ts";
import { improveBackend } from "../tfjs/improveBackend.ts";
import { createMethod, studentNetwork } from "../methods/createMethod.ts";
import type { Method } from "../methods/method.ts";
import type { ViewPair } from "../augment/viewPair.ts";
import { prepareMethod } from "../methods/prepareMethod.ts";
import { createTestTeacher } from "../testing/testTeacher.ts";
import * as tf from "../tfjs/tf.ts";
import { train } from "./train.ts";

const size = 16;
const config: Config = {
  ...defaultConfig,
  method: "bingo",
  studentWidth: 4,
  hiddenWidth: 24,
  batchSize: 8,
  queueSize: 32,
  imageSize: size,
  blurProbability: 0.5,
  seed: 11,
};
const images = new ImageStore(size);
for (const block of demoBlocks({ seed: 3, count: 40, size })) images.append(block);
const source = new CpuViewSource(images, size);
const members = Int32Array.from({ length: images.count }, (_, i) => i).filter((i) => i % 4 !== 0);
const steps = 6; // more than an epoch

/** What a step saw. */
interface Seen {
  readonly indices: Int32Array;
  readonly views: readonly Float32Array[];
  readonly companions: readonly Float32Array[];
}

interface Outcome {
  readonly losses: readonly number[];
  readonly seen: readonly Seen[];
  readonly method: Method;
}

/** Trains for a few steps on what `changes` make of the configuration, noting what each step saw. */
async function run(changes: Partial<Config>): Promise<Outcome> {
  const settings = { ...config, ...changes };
  const teacher = createTestTeacher(20);
  const method = createMethod(settings, teacher);
  await prepareMethod(
    method,
    { teacher, source, train: members, config: settings },
    { report: () => undefined, cancelled: () => false },
  );
  const sampler = new EpochSampler(members, settings.batchSize, settings.seed);
  const twin = new EpochSampler(members, settings.batchSize, settings.seed);
  const waiting: Promise<Seen>[] = [];
  const read = (pair: ViewPair): Promise<Float32Array[]> =>
    // A copy, since the loop disposes of the views right after the step.
    Promise.all([pair.first, pair.second].map(async (view) => (await view.data<"float32">()).slice()));
  const watched: Method = {
    trainer: method.trainer,
    studentViews: method.studentViews,
    ...(method.bags === undefined ? {} : { bags: method.bags }),
    step(views, stepSettings) {
      const { indices } = twin.next();
      waiting.push(
        Promise.all([read(views), views.companions === undefined ? [] : read(views.companions)]).then(
          ([own, companions]) => ({ indices, views: own, companions }),
        ),
      );
      return method.step(views, stepSettings);
    },
    dispose: () => method.dispose(),
  };

  const losses: number[] = [];
  const tensors: number[] = [];
  const loop = train({
    method: watched,
    source,
    sampler,
    config: settings,
    totalSteps: steps,
    live: () => settings,
  });
  for await (const { scalars } of loop) {
    losses.push((await scalars.data())[0]!);
    scalars.dispose();
    tensors.push(tf.memory().numTensors);
  }
  expect(losses.length).toBe(steps);
  expect(new Set(tensors.slice(1)).size).toBe(1); // momentum buffers appear in the first step
  const seen = await Promise.all(waiting);
  method.dispose();
  teacher.dispose();
  return { losses, seen, method };
}

beforeAll(async () => {
  await useNodeBackend("wasm");
  improveBackend("wasm");
});

describe("a method with bags", () => {
  test("gives the same curve from the same seed, another from another", async () => {
    const before = tf.memory().numTensors;
    const { losses } = await run({});
    expect(losses.every(Number.isFinite)).toBe(true);
    expect((await run({})).losses).toEqual(losses);
    expect((await run({ seed: 12 })).losses).not.toEqual(losses);
    expect(tf.memory().numTensors).toBe(before);
  });

  test("sees of each batch what any other method sees of it, and companions besides", async () => {
    const [bingo, seed] = [await run({}), await run({ method: "seed" })];
    bingo.seen.forEach((seen, step) => {
      expect(seen.views).toEqual(seed.seen[step]!.views);
      expect(seed.seen[step]!.companions).toEqual([]);
      expect(seen.companions.length).toBe(2);
      expect(seen.companions[0]).not.toEqual(seen.companions[1]); // two random views
    });
  });

  test("has beside each image a member of its bag, and in time more than one", async () => {
    // Views that show the whole image unchanged, so that it can be told which it is.
    const { seen, method } = await run({
      cropScaleMin: 1,
      cropScaleMax: 1,
      cropRatioMin: 1,
      cropRatioMax: 1,
      jitterProbability: 0,
      grayscaleProbability: 0,
      blurProbability: 0,
      flipProbability: 0,
    });
    const { bags } = method;
    const picks = new Map<number, Set<number>>();
    for (const { indices, views, companions } of seen) {
      indices.forEach((image, row) => {
        expect(isImage(views[0]!, row, image)).toBe(true);
        const [first, second] = companions.map((view) =>
          Array.from(bags!.membersOf(image)).find((member) => isImage(view, row, member)),
        );
        expect(first).toBeDefined();
        expect(second).toBe(first); // two views of one member
        picks.set(image, (picks.get(image) ?? new Set()).add(first!));
      });
    }
    expect(Math.max(...Array.from(picks.values(), (members) => members.size))).toBeGreaterThan(1);
  });
});

/** Whether a row of [N, size, size, 3] shows an image as it is stored. */
function isImage(view: Float32Array, row: number, image: number): boolean {
  const pixels = view.subarray(row * images.imageBytes, (row + 1) * images.imageBytes);
  return images.pixelsOf(image).every((byte, i) => Math.abs(byte / 255 - pixels[i]!) < 1e-5);
}

/** Other values than the configuration's. */
const otherwise = {
  distillWeight: 3,
  contrastiveWeight: 0.5,
  temperature: 0.37,
  teacherTemperature: 0.3,
  queueSize: 16,
  nested: "on",
  queueInit: "teacher",
  emaMomentum: 0.5,
  hiddenWidth: 20,
  embeddingDim: 12,
} as const satisfies Partial<Config>;

test.each(methodNames)("%s uses the settings that it says it uses, and no others", async (method) => {
  const usual = await run({ method });
  const used: string[] = [];
  for (const name of methodSettings) {
    const changes = { method, [name]: otherwise[name] };
    const isSame =
      name === "embeddingDim" // needs a teacher of that dimension to train with
        ? networkOf({ method }) === networkOf(changes)
        : String((await run(changes)).losses) === String(usual.losses);
    if (!isSame) used.push(name);
  }
  expect(used).toEqual(methods[method].uses);
});

function networkOf(changes: Partial<Config>): string {
  return JSON.stringify(studentNetwork({ ...config, ...changes }, null));
}
