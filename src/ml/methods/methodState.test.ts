import { beforeAll, describe, expect, test } from "vitest";
import { useNodeBackend } from "../../../tools/nodeBackends.ts";
import { defaultConfig, type Config } from "../../contract/config.ts";
import { methodNames, type MethodName } from "../../contract/methods.ts";
import { CpuViewSource } from "../augment/cpuViewSource.ts";
import { demoBlocks } from "../data/demoBlocks.ts";
import { ImageStore } from "../data/imageStore.ts";
import { EpochSampler, type SamplerState } from "../data/sampler.ts";
import { createMethod } from "./createMethod.ts";
import type { Method } from "./method.ts";
import { prepareMethod } from "./prepareMethod.ts";
import { createTestTeacher } from "../testing/testTeacher.ts";
import { improveBackend } from "../tfjs/improveBackend.ts";
import * as tf from "../tfjs/tf.ts";
import { isStudentFinite, readMethodState, restoreMethodState, type MethodState } from "./methodState.ts";
import { train } from "../training/train.ts";
import { createTrainingStreams, restoreStreams, stateOfStreams } from "../training/trainingStreams.ts";

const size = 16;
const config: Config = {
  ...defaultConfig,
  studentWidth: 4,
  hiddenWidth: 24,
  batchSize: 8,
  queueSize: 32,
  imageSize: size,
  blurProbability: 0.5,
  schedule: "cosinePerStep",
  seed: 11,
};
const images = new ImageStore(size);
for (const block of demoBlocks({ seed: 3, count: 40, size })) images.append(block);
const source = new CpuViewSource(images, size);
const members = Int32Array.from({ length: images.count }, (_, i) => i).filter((i) => i % 4 !== 0);
const [half, whole] = [5, 10]; // three batches an epoch: the middle of one

interface Saved {
  readonly method: MethodState;
  readonly sampler: SamplerState;
  readonly streams: ReturnType<typeof stateOfStreams>;
}

/** All losses of a run, or of one that goes on from what was saved; and what it would save after `half` steps. */
async function run(settings: Config, from: Saved | null): Promise<{ losses: number[]; saved: Saved | null }> {
  const teacher = createTestTeacher(20);
  const method: Method = createMethod(settings, teacher);
  const quiet = { report: () => undefined, cancelled: () => false };
  await prepareMethod(method, { teacher, source, train: members, config: settings }, quiet);
  const streams = createTrainingStreams(settings.seed);
  if (from !== null) {
    restoreMethodState(method, from.method);
    restoreStreams(streams, from.streams);
  }
  const sampler = new EpochSampler(members, settings.batchSize, from?.sampler ?? settings.seed);
  const losses: number[] = [];
  let saved: Saved | null = null;
  const setup = {
    method,
    source,
    sampler,
    streams,
    config: settings,
    totalSteps: whole,
    live: () => settings,
  };
  for await (const { step, scalars } of train({ ...setup, stepsTaken: from === null ? 0 : half })) {
    losses.push(...(await scalars.data()));
    scalars.dispose();
    if (step === half && from === null) {
      const state = await readMethodState(method);
      saved = { method: state, sampler: sampler.state(), streams: stateOfStreams(streams) };
    }
  }
  method.dispose();
  teacher.dispose();
  return { losses, saved };
}

beforeAll(async () => {
  await useNodeBackend("wasm");
  improveBackend("wasm");
});

describe("a run that goes on from a state", () => {
  const cases = methodNames.flatMap((method) => [
    [method, "muon"] as const,
    ...(["disco", "simclr", "bingo"].includes(method) ? [[method, "sgd"] as const] : []),
  ]);
  test.each(cases)("%s with %s: every loss is the same, bit for bit", async (method, optimiser) => {
    const settings: Config = { ...config, method, optimiser };
    const before = tf.memory().numTensors;
    const { losses, saved } = await run(settings, null);
    expect(losses.length).toBe(4 * whole);
    const rest = await run(settings, saved);
    expect(rest.losses).toEqual(losses.slice(4 * half));
    expect(tf.memory().numTensors).toBe(before);
  });
});

async function stateOf(method: MethodName): Promise<{ state: MethodState; method: Method }> {
  const settings = { ...config, method };
  const { saved } = await run(settings, null);
  return { state: saved!.method, method: createMethod(settings, createTestTeacher(20)) };
}

describe("a state that does not fit", () => {
  test("is refused by name, and leaves the method as it was", async () => {
    const { state, method } = await stateOf("disco");
    const first = [...state.tensors.keys()].find((name) => name.startsWith("student/"))!;
    const without = new Map(state.tensors);
    without.delete(first);
    const before = await readMethodState(method);
    const attempts: [MethodState, RegExp][] = [
      [{ ...state, tensors: without }, new RegExp(`${first} is missing`)],
      [
        {
          ...state,
          tensors: new Map([...state.tensors, ["student/other", { shape: [1], data: Float32Array.of(1) }]]),
        },
        /there is no student\/other/,
      ],
      [
        { ...state, tensors: new Map([...state.tensors, [first, { shape: [1], data: Float32Array.of(1) }]]) },
        /is of \[1\] and not of/,
      ],
      [
        {
          ...state,
          tensors: new Map([
            ...state.tensors,
            ["optimiser/fourth/x", { shape: [1], data: Float32Array.of(1) }],
          ]),
        },
        /there is no optimiser\/fourth/,
      ],
      [{ ...state, counts: { ...state.counts, queueRows: { keys: 32 } } }, /where keys goes on/],
    ];
    for (const [wrong, why] of attempts) expect(() => restoreMethodState(method, wrong)).toThrow(why);
    const after = await readMethodState(method);
    for (const [name, { data }] of before.tensors) expect(after.tensors.get(name)!.data).toEqual(data);
    method.dispose();
  });

  test("a student that is no longer finite is told", async () => {
    const { state, method } = await stateOf("simclr");
    method.dispose();
    expect(isStudentFinite(state)).toBe(true);
    const name = [...state.tensors.keys()].find((name) => name.startsWith("student/"))!;
    for (const bad of [NaN, Infinity, -Infinity]) {
      const { shape, data } = state.tensors.get(name)!;
      const broken = data.slice();
      broken[broken.length - 1] = bad;
      expect(isStudentFinite({ tensors: new Map([...state.tensors, [name, { shape, data: broken }]]) })).toBe(
        false,
      );
    }
  });
});
