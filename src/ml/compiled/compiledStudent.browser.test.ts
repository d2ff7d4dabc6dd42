import { beforeAll, describe, expect, it } from "vitest";
import { defaultConfig, type Config } from "../../contract/config.ts";
import { methodNames, methods, type MethodName } from "../../contract/methods.ts";
import { browserLoader } from "../../worker/engine/browserLoader.ts";
import { createMethod } from "../methods/createMethod.ts";
import type { Method, Views } from "../methods/method.ts";
import { readMethodState, restoreMethodState, type MethodState } from "../methods/methodState.ts";
import { createTestTeacher } from "../testing/testTeacher.ts";
import { makeUnusual } from "../testing/unusualWeights.ts";
import { improveBackend } from "../tfjs/improveBackend.ts";
import * as tf from "../tfjs/tf.ts";
import { CompiledDisco } from "./compiledDisco.ts";
import { compileMethod } from "./compileMethod.ts";

beforeAll(async () => {
  await browserLoader.webgpu();
  await tf.setBackend("webgpu");
  await tf.ready();
  improveBackend("webgpu");
});

/** Widths that fill neither tiles nor groups of four, a queue that batches do not fill in two steps. */
const base: Config = {
  ...defaultConfig,
  studentStem: "cifar",
  studentWidth: 4,
  hiddenWidth: 10,
  batchSize: 6,
  queueSize: 18,
  imageSize: 10,
  batchNormGroups: 1,
  momentum: 0.9,
  emaMomentum: 0.9,
};
/** A decay as large as Muon's move, or its absence would not show. */
const withMuon = { student: "resnet9", optimiser: "muon", imageSize: 16, weightDecay: 1 } as const;
const rates = { sgd: 0.05, muon: 0.01 } as const;

const names = methodNames.map((name) => [name] as const);

describe("compiled steps are those taken layer by layer", () => {
  it.each(names)("%s", (method) =>
    compareSteps({ ...base, method, student: "resnet18", optimiser: "sgd", weightDecay: 1e-3 }),
  );
  it.each(names)("%s with Muon", (method) => compareSteps({ ...base, ...withMuon, method }), 180_000);
  it("DisCo with a nested embedding", () =>
    compareSteps({
      ...base,
      method: "disco",
      nested: "on",
      student: "resnet18",
      optimiser: "sgd",
      weightDecay: 1e-3,
    }));
  it("with split BatchNorm", () =>
    compareSteps({ ...base, method: "doGo", student: "resnet18", optimiser: "sgd", batchNormGroups: 2 }));
});

it("a state is taken up, and given back, by either executor", async () => {
  const config: Config = { ...base, ...withMuon, method: "coss" };
  const views = drawViews(config, 0);
  const whole = create(config);
  const start = await readMethodState(whole);
  for (let i = 0; i < 3; i++) step(whole, views).dispose();
  const halves = [create(config), create(config), create(config)] as const;
  let state: MethodState | null = null;
  for (const [i, method] of halves.entries()) {
    if (state !== null) restoreMethodState(method, state);
    if (i % 2 === 0) await compile(method, config);
    step(method, views).dispose();
    state = await readMethodState(method);
  }
  expect(differences(config, state!, await readMethodState(whole), start)).toEqual([]);
  for (const method of [whole, ...halves]) method.dispose();
  disposeViews(views);
}, 180_000);

it("a student holds no more after many steps than after a few, and gives everything back", async () => {
  const config: Config = { ...base, ...withMuon, method: "seed" };
  const views = drawViews(config, 0);
  const before = tf.memory().numTensors;
  const method = create(config);
  await compile(method, config);
  const held = async (steps: number): Promise<unknown> => {
    for (let i = 0; i < steps; i++) step(method, views).dispose();
    await readMethodState(method);
    const { numTensors, numBytesAllocatedInGPU } = tf.memory() as tf.MemoryInfo & Record<string, number>;
    return { numTensors, numBytesAllocatedInGPU };
  };
  const early = await held(5);
  expect(await held(25)).toEqual(early);
  method.dispose();
  expect(tf.memory().numTensors).toBe(before);
  disposeViews(views);
}, 180_000);

const teachers = new Map<number, ReturnType<typeof createTestTeacher>>();

function create(config: Config): Method {
  const { usesTeacher, matchesEmbedding } = methods[config.method];
  const dim = matchesEmbedding ? 6 : 9;
  const teacher = teachers.get(dim) ?? createTestTeacher(dim);
  teachers.set(dim, teacher);
  const method = createMethod(config, usesTeacher ? teacher : null);
  makeUnusual(method.trainer.weights, "student");
  return method;
}

async function compile(method: Method, { batchSize, imageSize }: Config): Promise<Method> {
  const size = { batch: batchSize, height: imageSize, width: imageSize };
  const execution = await compileMethod(method, size, { software: true });
  expect(execution.executor, execution.details).toBe("compiled");
  return execution.method;
}

function step(method: Method, views: Views): tf.Tensor1D {
  const learningRate = rates[method.trainer.options.optimiser];
  return method.step(views, { learningRate, distillWeight: 3, contrastiveWeight: 0.7, temperature: 0.2 });
}

/**
 * Expects equal scalars and states after two steps of both executors, on one of three draws of images: rounding may turn
 * the sign of a ReLU's input, which moves every gradient behind it, and both are right.
 */
async function compareSteps(config: Config): Promise<void> {
  let different: readonly string[] = [];
  for (const draw of [0, 100, 200]) {
    different = await differencesOf(config, draw);
    if (different.length === 0) return;
  }
  expect(different).toEqual([]);
}

/** Those that `CompiledDisco` takes over. */
const stepsWhole: readonly MethodName[] = ["disco", "mocov2", "distillOnly"];

async function differencesOf(config: Config, draw: number): Promise<readonly string[]> {
  const layerByLayer = create(config);
  const start = await readMethodState(layerByLayer);
  const taken = create(config);
  const compiled = await compile(taken, config);
  const isWhole = stepsWhole.includes(config.method) && config.nested === "off";
  expect(compiled instanceof CompiledDisco).toBe(isWhole);
  const different: string[] = [];
  for (const which of [0, 1]) {
    const views = drawViews(config, draw + 10 * which);
    const [actual, expected] = [step(compiled, views), step(layerByLayer, views)];
    const difference = worst(await actual.data<"float32">(), await expected.data<"float32">());
    if (!(difference < 1e-3)) different.push(`scalars ${which}: ${difference.toExponential(1)}`);
    tf.dispose([actual, expected]);
    disposeViews(views);
  }
  compiled.syncState?.();
  const [actual, expected] = [await readMethodState(taken), await readMethodState(layerByLayer)];
  different.push(...differences(config, actual, expected, start));
  compiled.dispose();
  layerByLayer.dispose();
  return different;
}

/**
 * Shifts that are taken away again, by the next BatchNorm or by a loss of distances: their gradient is rounding, of which
 * Adam takes the sign.
 */
const withoutGradient: Partial<Record<MethodName, RegExp>> = {
  simReg: /fc\.[034]\.bias$|fc\.[15]\.running_mean$|layer3\.residual\.res2\.bn\.bias$/,
  rkd: /fc\.[02]\.bias$/,
};

/** What two states differ in by more than 10⁻³ of the largest value, and moves of parameters by more than 10⁻². */
function differences(
  { method }: Config,
  actual: MethodState,
  expected: MethodState,
  start: MethodState,
): string[] {
  expect(actual.counts).toEqual(expected.counts);
  expect([...actual.tensors.keys()].sort()).toEqual([...expected.tensors.keys()].sort());
  const different: string[] = [];
  for (const [name, { data }] of expected.tensors) {
    if (withoutGradient[method]?.test(name)) continue;
    const found = actual.tensors.get(name)!.data;
    const difference = worst(found, data);
    if (!(difference < 1e-3)) different.push(`${name}: ${difference.toExponential(1)}`);
    const before = start.tensors.get(name)?.data;
    if (!name.startsWith("student/") || before === undefined) continue;
    const moveOf = (values: Float32Array): Float32Array => values.map((value, i) => value - before[i]!);
    const moved = worst(moveOf(found), moveOf(data));
    if (!(moved < 1e-2)) different.push(`move of ${name}: ${moved.toExponential(1)}`);
  }
  return different;
}

function drawViews(
  { batchSize, imageSize }: Config,
  seed: number,
): Views & Required<Pick<Views, "companions">> {
  const draw = (i: number): tf.Tensor4D =>
    tf.randomUniform([batchSize, imageSize, imageSize, 3], 0, 1, "float32", seed + i);
  return { first: draw(1), second: draw(2), companions: { first: draw(3), second: draw(4) } };
}

function disposeViews({ first, second, companions }: ReturnType<typeof drawViews>): void {
  tf.dispose([first, second, companions.first, companions.second]);
}

/** max |a − b| / max |b|. */
function worst(actual: Float32Array, expected: Float32Array): number {
  expect(actual.length).toBe(expected.length);
  let difference = 0;
  let largest = 1e-12;
  expected.forEach((value, i) => {
    difference = Math.max(difference, Math.abs(actual[i]! - value));
    largest = Math.max(largest, Math.abs(value));
  });
  return Number.isNaN(difference) ? Infinity : difference / largest;
}
