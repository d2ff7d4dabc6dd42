/** All objectives on one device, in one thread: their steps take turns. */
import { defaultConfig, type Config } from "../../../src/contract/config.ts";
import { methods, type MethodName } from "../../../src/contract/methods.ts";
import { invariant } from "../../../src/lib/invariant.ts";
import { compileMethod } from "../../../src/ml/compiled/compileMethod.ts";
import { createMethod } from "../../../src/ml/methods/createMethod.ts";
import type { Method, Views } from "../../../src/ml/methods/method.ts";
import type { Embedded } from "../../../src/ml/teachers/teacher.ts";
import * as tf from "../../../src/ml/tfjs/tf.ts";
import { openBackend } from "../../../src/worker/engine/backend.ts";
import { browserLoader } from "../../../src/worker/engine/browserLoader.ts";
import { createTeacher } from "../contestants/ours.ts";
import { createJobData } from "../jobData.ts";
import { stepSettings } from "../stepJobs.ts";
import { answerRequests } from "./workerChannel.ts";
import type { ObjectiveBlock, ObjectiveRequests, PreparedObjective } from "./workerMessages.ts";

interface Objective {
  readonly method: Method;
  readonly views: Views;
}

const objectives = new Map<MethodName, Objective>();
const counts = { programs: 0, launches: 0, submissions: 0 };
let software = false;

answerRequests<ObjectiveRequests>({ open, prepare, run });

async function open(): Promise<string> {
  const { report } = await openBackend("webgpu", browserLoader);
  software = report.software;
  countCommands();
  return report.adapter;
}

/** Tells tfjs's programs, with the kernels that run among them, from the launches of plans. */
function countCommands(): void {
  const tfjs = tf.backend() as unknown as {
    readonly device: GPUDevice;
    readonly computePassEncoder: GPUComputePassEncoder | null;
  };
  const encoder = tfjs.device.createCommandEncoder();
  const pass = Object.getPrototypeOf(encoder.beginComputePass()) as GPUComputePassEncoder;
  const queue = Object.getPrototypeOf(tfjs.device.queue) as GPUQueue;
  after(pass, "dispatchWorkgroups", (self) => {
    counts[self === tfjs.computePassEncoder ? "programs" : "launches"]++;
  });
  after(queue, "submit", () => counts.submissions++);
}

/** Has a method of a prototype say whenever it is called. */
function after<T extends object>(prototype: T, name: keyof T, called: (self: T) => void): void {
  const stock = prototype[name] as (...parameters: unknown[]) => unknown;
  prototype[name] = function (this: T, ...parameters: unknown[]) {
    called(this);
    return stock.apply(this, parameters);
  } as T[keyof T];
}

async function prepare({
  method: name,
  job,
}: ObjectiveRequests["prepare"]["in"]): Promise<PreparedObjective> {
  const startMs = performance.now();
  const data = createJobData(job);
  const config: Config = {
    ...defaultConfig,
    method: name,
    student: job.student.backbone as Config["student"],
    studentStem: job.student.stem,
    studentWidth: job.student.width,
    hiddenWidth: job.hidden,
    embeddingDim: job.embeddingDim,
    batchSize: job.batchSize,
    queueSize: job.queueSize,
    imageSize: job.imageSize,
    batchNormGroups: 1,
    nested: "off",
    optimiser: job.optimiser ?? "sgd",
    momentum: stepSettings.momentum,
    weightDecay: stepSettings.weightDecay,
    emaMomentum: stepSettings.emaMomentum,
  };
  const { usesTeacher } = methods[name];
  const teacher = createTeacher(data);
  const given = createMethod(config, usesTeacher ? teacher : null);
  const shape: [number, number, number, number] = [job.batchSize, job.imageSize, job.imageSize, 3];
  const images = (values: Float32Array): tf.Tensor4D => tf.tensor4d(values, shape);
  const first = images(data.firstView);
  const second = images(data.secondView);
  const companions = {
    first: images(data.firstView.toReversed()),
    second: images(data.secondView.toReversed()),
  };
  const targets = new Map<tf.Tensor4D, Embedded>();
  for (const view of [first, second, companions.first, companions.second])
    targets.set(
      view,
      tf.tidy(() => ({ ...teacher.embed(view, "eval", 0) })),
    );
  const size = { batch: job.batchSize, height: job.imageSize, width: job.imageSize };
  const { method, executor, details } = await compileMethod(given, size, { software, hasTargets: true });
  invariant(executor === "compiled", `${name} was not compiled: ${details}`);
  objectives.set(name, { method, views: { first, second, companions, targets } });
  return { details, setUpMs: performance.now() - startMs };
}

async function run({ method: name, steps }: ObjectiveRequests["run"]["in"]): Promise<ObjectiveBlock> {
  const objective = objectives.get(name);
  invariant(objective !== undefined, `asked for a step of ${name} before it was prepared`);
  const { method, views } = objective;
  const before = { ...counts };
  const scalars: tf.Tensor1D[] = [];
  const startMs = performance.now();
  for (let i = 0; i < steps; i++) scalars.push(method.step(views, stepSettings));
  const issuedMs = performance.now() - startMs;
  const { programs, launches, submissions } = counts;
  const packed = tf.stack(scalars);
  const values = await packed.data(); // a sync point
  const elapsedMs = performance.now() - startMs;
  tf.dispose([packed, scalars]);
  return {
    steps,
    elapsedMs,
    issuedMs,
    losses: scalars.map((_, i) => values[4 * i] ?? NaN),
    programs: (programs - before.programs) / steps,
    launches: (launches - before.launches) / steps,
    submissions: (submissions - before.submissions) / steps,
  };
}
