import {
  blockUntilReady,
  defaultDevice,
  getWebGPUDevice,
  init,
  jit,
  nn,
  numpy as np,
  tree,
  valueAndGrad,
  type Array as JaxArray,
} from "@jax-js/jax";
import { stateDictSpec, type Network } from "../../../src/ml/models/network.ts";
import type { StateDict } from "../../../src/ml/models/weights.ts";
import type { JobData } from "../jobData.ts";
import { stepSettings } from "../stepJobs.ts";
import type { Contestant, StepRunner } from "./contestant.ts";
import { jaxForward, type JaxTree } from "./jaxForward.ts";
import { ringOrder } from "./ringOrder.ts";

/** jax-js: the whole step as one jitted function. */
export function jaxJs(device: "webgpu" | "wasm"): Contestant {
  return {
    open: async () => {
      const devices = await init(device);
      if (!devices.includes(device)) throw new Error(`jax-js has no ${device} here.`);
      defaultDevice(device);
      return device === "webgpu" ? "webgpu" : wasmThreads();
    },
    setUp: async (data) => createRunner(data, device),
  };
}

/** jax-js takes every logical core, and one thread without shared memory. */
function wasmThreads(): string {
  return globalThis.crossOriginIsolated ? `wasm, ${navigator.hardwareConcurrency} threads` : "wasm, 1 thread";
}

/** What a step takes and gives back. */
type TrainingState = {
  readonly student: JaxTree;
  readonly studentStatistics: JaxTree;
  readonly velocity: JaxTree;
  readonly mean: JaxTree;
  readonly meanStatistics: JaxTree;
  readonly queue: JaxArray;
};

function createRunner(data: JobData, device: "webgpu" | "wasm"): StepRunner {
  const { job } = data;
  const step = jit(createStep(data));
  const student = loadTree(data.student, data.studentState);
  const mean = loadTree(data.student, data.studentState);
  const teacher = loadTree(data.teacher, data.teacherState);
  const zeros = (like: JaxTree): JaxTree =>
    Object.fromEntries(Object.entries(like).map(([name, { shape }]) => [name, np.zeros(shape)]));
  let state: TrainingState = {
    student: student.parameters,
    studentStatistics: student.statistics,
    velocity: zeros(student.parameters),
    mean: mean.parameters,
    meanStatistics: mean.statistics,
    queue: np.array(Float32Array.from(data.queue), { shape: [job.queueSize, job.embeddingDim] }),
  };
  const image = (values: Float32Array): JaxArray =>
    np.array(channelsFirst(values, job.imageSize ** 2), {
      shape: [job.batchSize, 3, job.imageSize, job.imageSize],
    });
  const first = image(data.firstView);
  const second = image(data.secondView);

  let waitsEachStep = true;
  let losses: (number | JaxArray)[] = [];
  let written = 0;
  const read = async (arrays: Iterable<JaxArray>): Promise<Float32Array[]> => {
    const copies: Float32Array[] = [];
    for (const array of arrays) copies.push(Float32Array.from(await valuesOf(array.ref)));
    return copies;
  };
  return {
    // Its documentation advises to wait often, lest too much is queued; a short queue may still be faster.
    variants: [
      { name: "waiting for each loss", use: () => void (waitsEachStep = true) },
      { name: "reading losses at the end", use: () => void (waitsEachStep = false) },
    ],
    step: async () => {
      const result = step(state, tree.ref(teacher), first.ref, second.ref);
      const { loss, ...next } = result;
      state = next;
      losses.push(waitsEachStep ? await lossOf(loss) : loss);
      written += job.batchSize;
    },
    finish: async () => {
      const values: number[] = [];
      for (const loss of losses) values.push(typeof loss === "number" ? loss : await lossOf(loss));
      losses = [];
      // Reading a loss has issued its whole step. A GPU is asked once, rather than once for each of the arrays.
      if (device === "webgpu") await getWebGPUDevice().queue.onSubmittedWorkDone();
      else await blockUntilReady(state);
      return values;
    },
    snapshot: async () => {
      const [queue] = await read([state.queue]);
      return {
        student: await read(Object.values(state.student)),
        studentStatistics: await read(Object.values(state.studentStatistics)),
        meanStudent: await read(Object.values(state.mean)),
        meanStudentStatistics: await read(Object.values(state.meanStatistics)),
        queue: [ringOrder(queue as Float32Array, job.embeddingDim, written)],
      };
    },
  };
}

/** Uses up `array`. */
async function valuesOf(array: JaxArray): Promise<Float32Array> {
  return (await array.data()) as Float32Array; // everything here is float32
}

async function lossOf(loss: JaxArray): Promise<number> {
  const [value = NaN] = await valuesOf(loss);
  return value;
}

type StepFunction = (
  state: TrainingState,
  teacher: { parameters: JaxTree; statistics: JaxTree },
  first: JaxArray,
  second: JaxArray,
) => TrainingState & { loss: JaxArray };

/** The step as a pure function. Every argument is used up: what is needed again is used as `.ref`. */
function createStep({ job, student, teacher }: JobData): StepFunction {
  const { learningRate, momentum, weightDecay, emaMomentum, temperature } = stepSettings;
  const { distillWeight, contrastiveWeight } = stepSettings;
  const rate = statisticsMomentum(student);
  const unit = (rows: JaxArray): JaxArray =>
    rows.ref.div(np.sqrt(np.sum(np.square(rows), 1, { keepdims: true })));
  const distance = (a: JaxArray, b: JaxArray): JaxArray => np.mean(np.sum(np.square(a.sub(b)), 1));
  const follow = (running: JaxTree, batch: JaxTree): JaxTree =>
    zip(running, batch, (old, value) => old.mul(1 - rate).add(value.mul(rate)));

  const loss = (
    parameters: JaxTree,
    targets: JaxArray[],
    key: JaxArray,
    queue: JaxArray,
    first: JaxArray,
    second: JaxArray,
  ): [JaxArray, [JaxTree, JaxTree]] => {
    const [firstTarget, secondTarget] = targets as [JaxArray, JaxArray];
    const batches: [JaxTree, JaxTree] = [{}, {}];
    const query = unit(jaxForward(student, parameters, {}, first, batches[0]));
    const other = unit(jaxForward(student, parameters, {}, second, batches[1]));
    tree.dispose(parameters);
    const distillation = distance(query.ref, firstTarget).add(distance(other, secondTarget));
    // The positive is written out: in jax-js 0.1.25, jit(grad(f)) is wrong where f slices the result of a non-linear
    // op, as `logSoftmax(logits).slice(…)` would. To be simplified when `jit(grad(z => np.square(z).slice([0, 1])
    // .sum()))` of [1, 2, 3] is [2, 0, 0].
    const positive = np.sum(query.ref.mul(key), 1, { keepdims: true }).div(temperature);
    const negatives = np.matmul(query, np.transpose(queue)).div(temperature);
    const total = nn.logsumexp(np.concatenate([positive.ref, negatives], 1), 1);
    const contrastive = np.mean(total).sub(np.mean(positive));
    return [distillation.mul(distillWeight).add(contrastive.mul(contrastiveWeight)), batches];
  };
  const lossAndGradient = valueAndGrad(loss, { hasAux: true });

  return (state, frozen, first, second) => {
    const mean = zip(state.mean, tree.ref(state.student), (old, value) =>
      old.mul(emaMomentum).add(value.mul(1 - emaMomentum)),
    );
    const teach = (view: JaxArray): JaxArray =>
      unit(jaxForward(teacher, frozen.parameters, frozen.statistics, view, null));
    const targets = [teach(first.ref), teach(second.ref)];
    tree.dispose(frozen);
    const meanBatch: JaxTree = {};
    const key = unit(jaxForward(student, mean, {}, second.ref, meanBatch));
    const [[value, [firstBatch, secondBatch]], gradients] = lossAndGradient(
      tree.ref(state.student),
      targets,
      key.ref,
      state.queue.ref,
      first,
      second,
    );
    const decayed = zip(gradients, tree.ref(state.student), (gradient, parameter) =>
      gradient.add(parameter.mul(weightDecay)),
    );
    const velocity = zip(state.velocity, decayed, (old, gradient) => old.mul(momentum).add(gradient));
    return {
      loss: value,
      student: zip(state.student, tree.ref(velocity), (parameter, move) =>
        parameter.sub(move.mul(learningRate)),
      ),
      studentStatistics: follow(follow(state.studentStatistics, firstBatch), secondBatch),
      velocity,
      mean,
      meanStatistics: follow(state.meanStatistics, meanBatch),
      queue: np.concatenate([state.queue.slice([job.batchSize, job.queueSize]), key], 0),
    };
  };
}

/** Name by name; uses up both. */
function zip(a: JaxTree, b: JaxTree, combine: (a: JaxArray, b: JaxArray) => JaxArray): JaxTree {
  return Object.fromEntries(
    Object.entries(a).map(([name, value]) => [name, combine(value, b[name] as JaxArray)]),
  );
}

function statisticsMomentum(network: Network): number {
  const layer = network.layers.find(({ kind }) => kind === "batchNorm");
  return layer?.kind === "batchNorm" ? layer.momentum : 0;
}

function loadTree(network: Network, state: StateDict): { parameters: JaxTree; statistics: JaxTree } {
  const parameters: JaxTree = {};
  const statistics: JaxTree = {};
  for (const { name, role } of stateDictSpec(network)) {
    const found = state.get(name);
    if (found === undefined) continue;
    const array = np.array(Float32Array.from(found.data), { shape: [...found.shape] });
    (role === "runningMean" || role === "runningVar" ? statistics : parameters)[name] = array;
  }
  return { parameters, statistics };
}

/** [N, H·W, 3] → [N, 3, H·W] */
function channelsFirst(values: Float32Array, pixels: number): Float32Array<ArrayBuffer> {
  const image = 3 * pixels;
  return new Float32Array(values.length).map((_, i) => {
    const within = i % image;
    return values[i - within + 3 * (within % pixels) + Math.floor(within / pixels)] as number;
  });
}
