import { invariant } from "../../../src/lib/invariant.ts";
import { stateDictSpec, type Network, type TensorSpec } from "../../../src/ml/models/network.ts";
import type { StateDict } from "../../../src/ml/models/weights.ts";
import * as tf from "../../../src/ml/tfjs/tf.ts";
import type { JobData } from "../jobData.ts";
import { stepSettings } from "../stepJobs.ts";
import type { Contestant, StepRunner, Variant } from "./contestant.ts";
import { ringOrder } from "./ringOrder.ts";
import { stockForward, type StockWeights } from "./stockForward.ts";

/** tfjs as it comes: core ops, automatic differentiation, none of this project's kernels. */
export function stockTfjs(backend: "webgpu" | "cpu"): Contestant {
  return {
    open: async () => {
      if (backend === "webgpu") await import("@tensorflow/tfjs-backend-webgpu");
      if (!(await tf.setBackend(backend))) throw new Error(`tfjs could not start ${backend}.`);
      await tf.ready();
      return `tfjs ${tf.version.tfjs}`;
    },
    setUp: async (data) => createRunner(data, backend === "webgpu" ? inputGradientVariants() : []),
  };
}

/** tfjs has two kernels for a convolution's input gradient, and which is faster depends on adapter and job. */
function inputGradientVariants(): Variant[] {
  const flag = "WEBGPU_USE_NAIVE_CONV2D_TRANSPOSE";
  return [
    { name: "naive input gradient", use: () => tf.env().set(flag, true) },
    { name: "input gradient by products", use: () => tf.env().set(flag, false) },
  ];
}

function createRunner(data: JobData, variants: readonly Variant[]): StepRunner {
  const { job, student, teacher } = data;
  const { learningRate, momentum, weightDecay, emaMomentum, temperature } = stepSettings;
  const { distillWeight, contrastiveWeight } = stepSettings;
  const studentWeights = loadStock(student, data.studentState, "student");
  const meanWeights = loadStock(student, data.studentState, "meanStudent");
  const teacherWeights = loadStock(teacher, data.teacherState, "teacher");
  const parameterNames = stateDictSpec(student)
    .filter((spec) => studentWeights.has(spec.name) && !isStatistic(spec))
    .map((spec) => spec.name);
  const statisticNames = stateDictSpec(student)
    .filter(isStatistic)
    .map((spec) => spec.name);
  const pick = (weights: StockWeights, names: readonly string[]): tf.Variable[] =>
    names.map((name) => weights.get(name) as tf.Variable);
  const parameters = pick(studentWeights, parameterNames);
  const meanParameters = pick(meanWeights, parameterNames);
  const velocities = parameters.map((parameter) => tf.variable(tf.zerosLike(parameter), false));
  const image = (values: Float32Array): tf.Tensor4D =>
    tf.tensor4d(values, [job.batchSize, job.imageSize, job.imageSize, 3]);
  const first = image(data.firstView);
  const second = image(data.secondView);
  const queue = tf.variable(tf.tensor2d(data.queue, [job.queueSize, job.embeddingDim]), false);

  const unit = (rows: tf.Tensor2D): tf.Tensor2D => tf.div(rows, tf.sqrt(tf.sum(tf.square(rows), 1, true)));
  const embed = (weights: StockWeights, view: tf.Tensor4D): tf.Tensor2D =>
    unit(stockForward(tf, student, weights, view, "train"));
  const teach = (view: tf.Tensor4D): tf.Tensor2D =>
    unit(stockForward(tf, teacher, teacherWeights, view, "eval"));
  const distance = (a: tf.Tensor2D, b: tf.Tensor2D): tf.Scalar => tf.mean(tf.sum(tf.square(tf.sub(a, b)), 1));

  const step = (): tf.Scalar => {
    meanParameters.forEach((mean, i) =>
      mean.assign(tf.add(tf.mul(mean, emaMomentum), tf.mul(parameters[i] as tf.Tensor, 1 - emaMomentum))),
    );
    const firstTarget = teach(first);
    const secondTarget = teach(second);
    const key = embed(meanWeights, second);
    const { value, grads } = tf.variableGrads(() => {
      const query = embed(studentWeights, first);
      const distillation = tf.add(
        distance(query, firstTarget),
        distance(embed(studentWeights, second), secondTarget),
      );
      const positive: tf.Tensor2D = tf.sum(tf.mul(query, key), 1, true);
      const negatives: tf.Tensor2D = tf.matMul(query, queue, false, true);
      const logits: tf.Tensor2D = tf.div(tf.concat([positive, negatives], 1), temperature);
      const chosen = tf.slice(tf.logSoftmax(logits), [0, 0], [job.batchSize, 1]);
      const contrastive = tf.neg(tf.mean(chosen));
      return tf.add(tf.mul(distillation, distillWeight), tf.mul(contrastive, contrastiveWeight));
    }, parameters);
    parameters.forEach((parameter, i) => {
      const gradient = tf.add(grads[parameter.name] as tf.Tensor, tf.mul(parameter, weightDecay));
      const velocity = velocities[i] as tf.Variable;
      velocity.assign(tf.add(tf.mul(velocity, momentum), gradient));
      parameter.assign(tf.sub(parameter, tf.mul(velocity, learningRate)));
    });
    const kept = tf.slice(queue as tf.Tensor as tf.Tensor2D, [job.batchSize, 0]);
    queue.assign(tf.concat([kept, key]));
    return value;
  };

  let losses: tf.Scalar[] = [];
  let written = 0;
  const read = async (variables: readonly tf.Variable[]): Promise<Float32Array[]> => {
    const copies: Float32Array[] = [];
    for (const variable of variables) copies.push(Float32Array.from(await variable.data()));
    return copies;
  };
  return {
    variants,
    step: () => {
      losses.push(tf.tidy(step));
      written += job.batchSize;
    },
    finish: async () => {
      const taken = losses;
      losses = [];
      const stacked = tf.stack(taken);
      const values = [...(await stacked.data())];
      tf.dispose([stacked, taken]);
      return values;
    },
    snapshot: async () => ({
      student: await read(parameters),
      studentStatistics: await read(pick(studentWeights, statisticNames)),
      meanStudent: await read(meanParameters),
      meanStudentStatistics: await read(pick(meanWeights, statisticNames)),
      queue: (await read([queue])).map((rows) => ringOrder(rows, job.embeddingDim, written)),
    }),
  };
}

function isStatistic({ role }: TensorSpec): boolean {
  return role === "runningMean" || role === "runningVar";
}

/** @param owner makes variable names unique: tfjs keeps one list of them. */
function loadStock(network: Network, state: StateDict, owner: string): StockWeights {
  const weights = new Map<string, tf.Variable>();
  for (const spec of stateDictSpec(network)) {
    if (spec.role === "batchesTracked") continue;
    const found = state.get(spec.name);
    invariant(found !== undefined, `no tensor ${spec.name}`);
    const value = tf.tidy(() => fromPyTorch(spec, found.data));
    const trainable = owner === "student" && !isStatistic(spec);
    weights.set(spec.name, tf.variable(value, trainable, `${owner}/${spec.name}`));
  }
  return weights;
}

function fromPyTorch({ role, shape }: TensorSpec, data: Float32Array): tf.Tensor {
  switch (role) {
    case "convWeight":
      return tf.transpose(tf.tensor(data, [...shape]), [2, 3, 1, 0]);
    case "depthwiseWeight":
      return tf.transpose(tf.tensor(data, [...shape]), [2, 3, 0, 1]);
    case "linearWeight":
      return tf.transpose(tf.tensor(data, shape.slice(0, 2)));
    default:
      return tf.tensor(data, [...shape]);
  }
}
