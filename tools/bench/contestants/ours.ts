import type { TeacherCard } from "../../../src/contract/teacher.ts";
import { CompiledDisco, type StepSize } from "../../../src/ml/compiled/compiledDisco.ts";
import { KeyQueue } from "../../../src/ml/losses/queue.ts";
import { Disco } from "../../../src/ml/methods/disco.ts";
import { FrozenTeacher } from "../../../src/ml/methods/frozenTeacher.ts";
import type { Method, Views } from "../../../src/ml/methods/method.ts";
import { StudentTrainer } from "../../../src/ml/methods/studentTrainer.ts";
import type { Network } from "../../../src/ml/models/network.ts";
import { loadWeights } from "../../../src/ml/models/weights.ts";
import { NetworkTeacher } from "../../../src/ml/teachers/networkTeacher.ts";
import { noPreprocessing } from "../../../src/ml/tensors/normalizeImages.ts";
import { knownUnitRows } from "../../../src/ml/tensors/unitRows.ts";
import * as tf from "../../../src/ml/tfjs/tf.ts";
import { openBackend } from "../../../src/worker/engine/backend.ts";
import { browserLoader } from "../../../src/worker/engine/browserLoader.ts";
import type { JobData } from "../jobData.ts";
import { stepSettings } from "../stepJobs.ts";
import type { Contestant, StepRunner } from "./contestant.ts";

/** What makes a method ready to run on views of one size; without, it runs as it is. */
export type Executor = (
  disco: Disco,
  size: StepSize,
  adapter: { readonly software: boolean },
) => Method | Promise<Method>;

/** DisCo as the playground runs it, on the backend as the playground opens it. */
export function ours(backend: "webgpu" | "wasm", executor: Executor): Contestant {
  let software = false;
  return {
    open: async () => {
      const { report } = await openBackend(backend, browserLoader);
      software = report.software;
      return report.adapter;
    },
    setUp: async (data) => createRunner(data, (disco, size) => executor(disco, size, { software })),
  };
}

async function createRunner(
  data: JobData,
  executor: (disco: Disco, size: StepSize) => Method | Promise<Method>,
): Promise<StepRunner> {
  const disco = createDisco(data);
  const { imageSize, batchSize } = data.job;
  const method = await executor(disco, { batch: batchSize, height: imageSize, width: imageSize });
  const image = (values: Float32Array): tf.Tensor4D =>
    tf.tensor4d(values, [batchSize, imageSize, imageSize, 3]);
  const views: Views = { first: image(data.firstView), second: image(data.secondView) };
  let scalars: tf.Tensor1D[] = [];
  const read = async (tensors: Iterable<tf.Tensor>): Promise<Float32Array[]> => {
    const copies: Float32Array[] = [];
    for (const tensor of tensors) copies.push(Float32Array.from(await tensor.data()));
    return copies;
  };
  return {
    step: () => void scalars.push(method.step(views, stepSettings)),
    finish: async () => {
      const taken = scalars;
      scalars = [];
      const stacked = tf.stack(taken);
      const values = await stacked.data();
      tf.dispose([stacked, taken]);
      return taken.map((_, i) => values[4 * i] ?? NaN);
    },
    breakdown: async () => (method instanceof CompiledDisco ? method.profile() : []),
    snapshot: async () => {
      const { trainer } = method; // asking for it brings all that `disco` holds up to date
      return {
        student: await read(trainer.weights.parameters.values()),
        studentStatistics: await read(trainer.weights.buffers.values()),
        meanStudent: await read(disco.meanStudent.parameters.values()),
        meanStudentStatistics: await read(disco.meanStudent.buffers.values()),
        queue: [(await disco.queue.state()).keys],
      };
    },
  };
}

function createDisco(data: JobData): Disco {
  const { job, student } = data;
  const trainer = new StudentTrainer(student, loadWeights(student, data.studentState, true), {
    optimiser: job.optimiser ?? "sgd",
    momentum: stepSettings.momentum,
    weightDecay: stepSettings.weightDecay,
    batchNormGroups: 1,
    preprocessing: noPreprocessing,
  });
  const queue = knownUnitRows(tf.tensor2d(data.queue, [job.queueSize, job.embeddingDim]));
  return new Disco(
    trainer,
    new FrozenTeacher(createTeacher(data), { batchNorm: "eval", inputSize: 0 }),
    new KeyQueue(queue),
    stepSettings.emaMomentum,
  );
}

export function createTeacher({ teacher, teacherState }: JobData): NetworkTeacher {
  return new NetworkTeacher(
    cardOf(teacher),
    teacher,
    loadWeights(teacher, teacherState, false),
    noPreprocessing,
  );
}

function cardOf(network: Network): TeacherCard {
  return {
    name: "benchmark",
    source: "safetensors",
    architecture: network.title,
    head: "",
    embeddingDim: network.embeddingDim,
    featureDim: network.featureDim,
    inputSize: 0,
    preprocessing: "",
    parameters: 0,
    bytes: 0,
    notes: [],
  };
}
