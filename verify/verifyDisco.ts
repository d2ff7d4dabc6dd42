import { invariant } from "../src/lib/invariant.ts";
import { compileMethod } from "../src/ml/compiled/compileMethod.ts";
import { KeyQueue } from "../src/ml/losses/queue.ts";
import { Disco } from "../src/ml/methods/disco.ts";
import { FrozenTeacher } from "../src/ml/methods/frozenTeacher.ts";
import type { Method } from "../src/ml/methods/method.ts";
import { StudentTrainer } from "../src/ml/methods/studentTrainer.ts";
import { stateDictSpec, type Network } from "../src/ml/models/network.ts";
import { namedEncoder, resNet } from "../src/ml/models/encoder.ts";
import { loadWeights, saveWeights, type StateDict } from "../src/ml/models/weights.ts";
import { scheduleFactor } from "../src/ml/optim/schedule.ts";
import { NetworkTeacher } from "../src/ml/teachers/networkTeacher.ts";
import { noPreprocessing } from "../src/ml/tensors/normalizeImages.ts";
import { knownUnitRows } from "../src/ml/tensors/unitRows.ts";
import * as tf from "../src/ml/tfjs/tf.ts";
import { checked, worstRelative, type CheckRow } from "./checkRow.ts";
import { arrayOf, floatsOf, numberAt, NotUnderstood, type Fixture } from "./fixture.ts";
import { formulaState } from "./formulaState.ts";
import { hashImage } from "./hashUniform.ts";

interface DiscoManifest {
  readonly config: {
    readonly student_widths: readonly number[];
    readonly student_hidden: number;
    readonly teacher_widths: readonly number[];
    readonly teacher_hidden: number;
    readonly dim: number;
    readonly batch: number;
    readonly K: number;
    readonly tau: number;
    readonly image_hw: readonly [number, number];
    readonly wd: number;
    readonly steps: number;
    readonly total: number;
    readonly lr: number;
    readonly ema: number;
    readonly w_ce: number;
    readonly w_distill: number;
    readonly teacher_bn: "train" | "eval";
    readonly reduction: "per_sample" | "sum";
    readonly contrastive_only: boolean;
    /** Of student and mean student; 1 when absent. */
    readonly student_bn_splits?: number;
    /** "resnet9" of `student_width`; absent: basic blocks of `student_widths`. */
    readonly student?: string;
    readonly student_width?: number;
    /** SGD when absent. */
    readonly optimizer?: "sgd" | "muon";
  };
  readonly initial_state: {
    readonly student: { readonly seed: number; readonly gain: number };
    readonly teacher: { readonly seed: number; readonly gain: number };
    readonly views: string;
  };
}

/**
 * The training steps of a 3_disco fixture by our DisCo: losses, queue and every network's final state; on WebGPU by
 * layer by layer and by the compiled step.
 */
export async function verifyDisco(fixture: Fixture): Promise<CheckRow[]> {
  const rows = await verifySteps(fixture, false);
  if (tf.getBackend() !== "webgpu") return rows;
  const compiled = await verifySteps(fixture, true);
  return [...rows, ...compiled.map((row) => ({ ...row, check: `compiled: ${row.check}` }))];
}

async function verifySteps(fixture: Fixture, isCompiled: boolean): Promise<CheckRow[]> {
  const { config, initial_state } = fixture.manifest as unknown as DiscoManifest;
  const tolerance = (what: string): number => numberAt(fixture.manifest, "tolerance", what);
  const golden = (name: string): ArrayLike<number> => arrayOf(fixture, name).values as ArrayLike<number>;
  const network = studentNetwork(config);
  const teacherNetwork = tinyNetwork(config.teacher_widths, config.teacher_hidden, config.dim);
  const initialStudent = formulaState(network, initial_state.student, true);
  const student = loadWeights(network, initialStudent, true);
  const teacher = new NetworkTeacher(
    bareCard(config.dim),
    teacherNetwork,
    loadWeights(teacherNetwork, formulaState(teacherNetwork, initial_state.teacher, false), false),
    noPreprocessing,
  );
  const queueRows = tf.tidy(() =>
    tf.transpose(tf.tensor2d(floatsOf(fixture, "initial.queue"), [config.dim, config.K])),
  );
  const queue = new KeyQueue(knownUnitRows(queueRows));
  const trainer = new StudentTrainer(network, student, {
    optimiser: config.optimizer ?? "sgd",
    momentum: 0.9,
    weightDecay: config.wd,
    batchNormGroups: config.student_bn_splits ?? 1,
    preprocessing: noPreprocessing,
  });
  const frozen = new FrozenTeacher(teacher, { batchNorm: config.teacher_bn, inputSize: 0 });
  const disco = new Disco(trainer, config.contrastive_only ? null : frozen, queue, config.ema);
  let method: Method = disco;
  if (isCompiled) {
    const [height, width] = config.image_hw;
    const execution = await compileMethod(disco, { batch: config.batch, height, width }, { software: true });
    if (execution.executor !== "compiled") throw new NotUnderstood(`not compiled: ${execution.details}`);
    method = execution.method;
  }
  const viewSeed = Number(/seed (\d+)/.exec(initial_state.views)?.[1]);
  // The published code sums the distillation over the batch; ours averages, so its weight takes the batch.
  const perSample = config.reduction === "sum" ? config.batch : 1;

  const losses = { total: [] as number[], contrastive: [] as number[], distillation: [] as number[] };
  const shape = [config.batch, 3, ...config.image_hw];
  const tensors: number[] = [];
  for (let step = 0; step < config.steps; step++) {
    const views = {
      first: nhwc(hashImage(viewSeed, 2000 + 2 * step, shape, (5 * step) % 29), shape),
      second: nhwc(hashImage(viewSeed, 2001 + 2 * step, shape, (5 * step + 2) % 29), shape),
    };
    const scalars = method.step(views, {
      learningRate: config.lr * scheduleFactor("cosinePerStep", step, config.total, 1),
      distillWeight: config.w_distill * perSample,
      contrastiveWeight: config.w_ce,
      temperature: config.tau,
    });
    const [total, contrastive, distillation] = (await scalars.data<"float32">()) as unknown as [
      number,
      number,
      number,
    ];
    losses.total.push(total);
    losses.contrastive.push(contrastive);
    losses.distillation.push(distillation * perSample);
    tf.dispose([scalars, views.first, views.second]);
    tensors.push(tf.memory().numTensors);
  }

  const distill1 = golden("loss_distill_view1");
  const distill2 = golden("loss_distill_view2");
  const distillation = Array.from(distill1, (value, i) => value + (distill2[i] as number));
  const lossTolerance = tolerance("losses relative");
  const rows = [
    checked("total loss", worstOf(losses.total, golden("loss_total")), lossTolerance),
    checked("contrastive loss", worstOf(losses.contrastive, golden("loss_contrastive")), lossTolerance),
    checked(
      "tensors left over after each step",
      Math.max(...tensors.slice(1)) - Math.min(...tensors.slice(1)),
      0,
    ),
  ];

  if (!config.contrastive_only) {
    rows.push(checked("distillation loss", worstOf(losses.distillation, distillation), lossTolerance));
  }
  const states = {
    student: await saveWeights(network, method.trainer.weights), // brings all of `disco` up to date
    mean_student: await saveWeights(network, disco.meanStudent),
    ...(config.contrastive_only ? {} : { teacher: await saveWeights(teacherNetwork, teacher.weights) }),
  };
  for (const role of ["student", "mean_student"] as const) {
    const label = role.replace("_", " ");
    const error = movementError(network, states[role], initialStudent, (name) =>
      golden(`final.${role}.${name}`),
    );
    rows.push(checked(`${label} movement`, error, tolerance(`${label} movement relative L2`)));
  }
  for (const [role, state] of Object.entries(states)) {
    let worst = 0;
    let compared = 0;
    for (const [name, { data }] of state) {
      if (!/running_(mean|var)$/.test(name) || !fixture.arrays.has(`final.${role}.${name}`)) continue;
      worst = Math.max(worst, worstRelative(data, golden(`final.${role}.${name}`)));
      compared++;
    }
    if (compared === 0) throw new NotUnderstood(`no final running statistics of the ${role}`);
    rows.push(checked(`${role} running statistics`, worst, tolerance("final running statistics rel_max")));
  }
  const keys = tf.tidy(() => tf.transpose(queue.keys()));
  rows.push(
    checked(
      "queue",
      worstRelative(await keys.data(), golden("final.queue")),
      tolerance("embeddings absolute"),
    ),
  );
  keys.dispose();
  method.dispose();
  teacher.dispose();
  return rows;
}

/** Largest |ours/golden − 1|, or |ours| where golden is 0. */
function worstOf(ours: readonly number[], golden: ArrayLike<number>): number {
  return Math.max(
    ...ours.map((value, i) => {
      const expected = golden[i] as number;
      return expected === 0 ? Math.abs(value) : Math.abs(value / expected - 1);
    }),
  );
}

function studentNetwork(config: DiscoManifest["config"]): Network {
  const { student, student_widths, student_width = 0, student_hidden, dim } = config;
  if (student === undefined) return tinyNetwork(student_widths, student_hidden, dim);
  if (student !== "resnet9") throw new NotUnderstood(`no student here is called ${student}`);
  return namedEncoder("resnet9", "cifar", student_width, { hidden: student_hidden, out: dim });
}

/** CIFAR stem, one basic block a width (stride 2 from the second on), MLP head. */
function tinyNetwork(widths: readonly number[], hidden: number, out: number): Network {
  return resNet(
    {
      title: `tiny ResNet ${widths.join("/")}`,
      stem: "cifar",
      stemWidth: widths[0] as number,
      bottleneck: false,
      stages: widths.map((width, i) => ({
        channels: width,
        inner: width,
        blocks: 1,
        stride: i === 0 ? 1 : 2,
      })),
    },
    { hidden, out },
  );
}

function nhwc(values: Float32Array, shape: readonly number[]): tf.Tensor4D {
  return tf.tidy(() =>
    tf.transpose(tf.tensor4d(values, shape as [number, number, number, number]), [0, 2, 3, 1]),
  );
}

/** ‖(final − golden)‖ / ‖golden − initial‖ over all parameters. */
function movementError(
  network: Network,
  final: StateDict,
  initial: StateDict,
  golden: (name: string) => ArrayLike<number>,
): number {
  let error = 0;
  let moved = 0;
  for (const { name, role } of stateDictSpec(network)) {
    if (role === "runningMean" || role === "runningVar" || role === "batchesTracked") continue;
    const expected = golden(name);
    const values = final.get(name)?.data;
    const start = initial.get(name)?.data;
    invariant(values !== undefined && start !== undefined, `${name} is missing`);
    for (let i = 0; i < values.length; i++) {
      error += ((values[i] as number) - (expected[i] as number)) ** 2;
      moved += ((expected[i] as number) - (start[i] as number)) ** 2;
    }
  }
  return Math.sqrt(error / moved);
}

function bareCard(embeddingDim: number): NetworkTeacher["card"] {
  return {
    name: "fixture",
    source: "safetensors",
    architecture: "",
    head: "",
    embeddingDim,
    featureDim: 0,
    inputSize: 0,
    preprocessing: "",
    parameters: 0,
    bytes: 0,
    notes: [],
  };
}
