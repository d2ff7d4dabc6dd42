import { defaultConfig, type Config } from "../../../contract/config.ts";
import type { ClusterToPack } from "../../../contract/clusterExport.ts";
import { metricColumns } from "../../../contract/metrics.ts";
import { writeRunCheckpoint, type RunCheckpoint } from "../../../formats/runCheckpoint.ts";
import { sampleRun } from "../../../formats/testing/sampleRun.ts";
import { writeSafetensors, type TensorToWrite } from "../../../formats/safetensors.ts";
import { CpuViewSource } from "../../../ml/augment/cpuViewSource.ts";
import { plainViews } from "../../../ml/augment/drawViews.ts";
import type { ViewSource } from "../../../ml/augment/viewSource.ts";
import { demoBlocks } from "../../../ml/data/demoBlocks.ts";
import { ImageStore } from "../../../ml/data/imageStore.ts";
import { EpochSampler } from "../../../ml/data/sampler.ts";
import { createMethod } from "../../../ml/methods/createMethod.ts";
import type { Method } from "../../../ml/methods/method.ts";
import { readMethodState, restoreMethodState, type MethodState } from "../../../ml/methods/methodState.ts";
import { lookUpTargets, type PrecomputeTargets } from "../../../ml/methods/precomputeTargets.ts";
import { fitProjection } from "../../../ml/teachers/fitProjection.ts";
import { PlainEmbeddings } from "../../../ml/teachers/plainEmbeddings.ts";
import { ProjectedTeacher } from "../../../ml/teachers/projectedTeacher.ts";
import { createTestTeacher } from "../../../ml/testing/testTeacher.ts";
import * as tf from "../../../ml/tfjs/tf.ts";
import { train, type StepReport } from "../../../ml/training/train.ts";
import {
  createTrainingStreams,
  restoreStreams,
  stateOfStreams,
} from "../../../ml/training/trainingStreams.ts";
import { captureRun, methodTensorsOf } from "../../engine/captureRun.ts";
import { clusterNetworks } from "../../engine/clusterNetworks.ts";
import { RunLedger } from "../../engine/runLedger.ts";

/** Small runs that between them need everything `continue.py` does. */
export const clusterCases = {
  "disco, sgd": {
    method: "disco",
    optimiser: "sgd",
    learningRate: 0.02,
    student: "resnet9",
    teacherViews: "same",
    teacherBatchNorm: "train",
    batchNormGroups: 2,
    weightDecay: 0.001,
  },
  "disco, muon": {
    method: "disco",
    optimiser: "muon",
    student: "resnet9",
    teacherViews: "plain",
    teacherInputSize: 20,
    embeddingDim: 10,
    weightDecay: 0.01,
    schedule: "cosinePerEpoch",
  },
  "mocov2, sgd": {
    method: "mocov2",
    optimiser: "sgd",
    learningRate: 0.02,
    student: "resnet18",
    contrastiveWeight: 0.7,
    schedule: "constant",
  },
  "mocov2, muon": { method: "mocov2", optimiser: "muon", student: "mobilenetV3Small", hiddenWidth: 0 },
} as const satisfies Record<string, Partial<Config>>;
export type ClusterCase = keyof typeof clusterCases;

/** Steps before the checkpoint, and recorded ones after it. */
export const clusterSteps = { before: 3, after: 4 } as const;
const last = clusterSteps.before + clusterSteps.after;
const totalSteps = last + 2;

const size = 24;
const images = new ImageStore(size);
for (const block of demoBlocks({ seed: 3, count: 40, size })) images.append(block);
const members = Int32Array.from({ length: images.count }, (_, i) => i).filter((i) => i % 4 !== 0);

/** A run of the engine up to a checkpoint, and what it does from there on. */
export interface ClusterSample {
  readonly config: Config;
  readonly checkpoint: RunCheckpoint;
  readonly pack: ClusterToPack;
  /** A safetensors file for `--batches`. */
  readonly batches: Uint8Array<ArrayBuffer>;
  /** Rows of loss, contrastive, distillation and cosine after the checkpoint. */
  readonly scalars: readonly (readonly number[])[];
  /** Its state after the recorded steps. */
  readonly end: MethodState & Pick<RunCheckpoint["facts"], "sampler" | "streams">;
  /** The same scalars of the step after them. */
  readonly next: readonly number[];
}

interface Setup {
  readonly config: Config;
  readonly method: Method;
  readonly source: ViewSource;
  readonly precompute: PrecomputeTargets | undefined;
  readonly teacher: ReturnType<typeof createTestTeacher> | null;
  readonly projected: ProjectedTeacher | null;
}

async function setUp(name: ClusterCase): Promise<Setup> {
  const config: Config = {
    ...defaultConfig,
    imageSize: 16,
    studentWidth: 4,
    hiddenWidth: 12,
    batchSize: 8,
    queueSize: 16,
    steps: totalSteps,
    evaluateEvery: 0,
    temperature: 0.15,
    emaMomentum: 0.9,
    blurProbability: 0.5,
    seed: 11,
    ...clusterCases[name],
  };
  const source = new CpuViewSource(images, config.imageSize);
  const teacher = config.method === "disco" ? createTestTeacher(14) : null;
  const plain = teacher && new PlainEmbeddings(teacher, images.count, config.teacherInputSize);
  let projected: ProjectedTeacher | null = null;
  if (teacher !== null && plain !== null && config.embeddingDim > 0) {
    const fitted = await fitProjection(teacher, source, members, config.embeddingDim, config, plain);
    projected = new ProjectedTeacher(teacher, fitted.projection);
  }
  const method = createMethod(config, projected ?? teacher);
  const precompute =
    plain === null || config.teacherViews === "same"
      ? undefined
      : lookUpTargets(
          config.method,
          plain,
          (some) => plainViews(source, some),
          (embedded) => projected?.project(embedded) ?? embedded,
        );
  return { config, method, source, precompute, teacher, projected };
}

function dispose({ method, teacher, projected, source }: Setup): void {
  method.dispose();
  projected?.dispose();
  teacher?.dispose();
  source.dispose();
}

/** Trains from the beginning, with the checkpoint on the way. */
export async function clusterSample(name: ClusterCase): Promise<ClusterSample> {
  const setup = await setUp(name);
  const { config, method, source, precompute, teacher, projected } = setup;
  const sampler = new EpochSampler(members, config.batchSize, config.seed);
  const streams = createTrainingStreams(config.seed);
  const ledger = new RunLedger(null);
  const recorded: Recorded[] = [];
  const scalars: (readonly number[])[] = [];
  let checkpoint: RunCheckpoint | null = null;
  let batches: ClusterSample["batches"] | null = null;
  let end: ClusterSample["end"] | null = null;
  let next: ClusterSample["next"] | null = null;
  const steps = train({
    method,
    source: recording(source, recorded),
    sampler,
    streams,
    config,
    totalSteps,
    live: () => config,
    ...(precompute === undefined ? {} : { precomputeTargets: precompute }),
  });
  for await (const report of steps) {
    const row = await readRow(report);
    ledger.addRows(row);
    if (report.step === last + 1) {
      next = [...row.subarray(1, 5)];
      break;
    }
    if (report.step > clusterSteps.before) {
      scalars.push([...row.subarray(1, 5)]);
      record("plain", plainViews(source, report.seen.indices), recorded);
    } else recorded.splice(0).forEach(({ images }) => images.dispose());
    if (report.step === clusterSteps.before)
      checkpoint = await captureRun({
        origin: {
          runId: "run-cluster",
          config,
          totalSteps,
          backend: "wasm",
          dataFingerprint: "ab".repeat(32),
          teacherHash: teacher === null ? null : "cafe",
          projection: projected === null ? "" : "A PCA.",
        },
        method,
        stepping: method,
        projection: projected?.projection ?? null,
        sampler,
        streams,
        ledger,
        live: config,
        step: report.step,
        elapsedMs: 1000,
      });
    if (report.step !== last) continue;
    batches = writeSafetensors(await numbered(recorded));
    end = {
      ...(await readMethodState(method)),
      sampler: sampler.state(),
      streams: stateOfStreams(streams),
    };
  }
  if (checkpoint === null || batches === null || end === null || next === null)
    throw new Error("the run is too short");
  const networks = await clusterNetworks(method.trainer.network, teacher, config);
  const { batchesPerEpoch: stepsPerEpoch } = sampler;
  dispose(setup);
  const plan = { ...sampleRun.plan, config, totalSteps, stepsPerEpoch };
  const { dataFingerprint } = checkpoint.facts;
  const run = { ...sampleRun, config, seed: config.seed, plan, dataFingerprint };
  return {
    config,
    checkpoint,
    pack: {
      checkpoint: writeRunCheckpoint(checkpoint),
      ...networks,
      heldOut: [],
      run: { ...run, dataset: { ...run.dataset, size }, metrics: { ...run.metrics, end: null } },
      name: "A run that goes on",
      note: "",
      startedAt: "2026-11-29T10:00:00.000Z",
    },
    batches,
    scalars,
    end,
    next,
  };
}

/** The engine's loss, contrastive, distillation and cosine of the next step after a checkpoint, from these streams. */
export async function stepFrom(
  name: ClusterCase,
  from: RunCheckpoint,
  { sampler, streams: states }: Pick<RunCheckpoint["facts"], "sampler" | "streams">,
): Promise<readonly number[]> {
  const setup = await setUp(name);
  const { config, method, source, precompute } = setup;
  const { facts } = from;
  restoreMethodState(method, { tensors: methodTensorsOf(from), counts: facts.counts });
  const streams = createTrainingStreams(config.seed);
  restoreStreams(streams, states);
  const steps = train({
    method,
    source,
    sampler: new EpochSampler(members, config.batchSize, sampler),
    streams,
    config,
    totalSteps: facts.totalSteps,
    stepsTaken: facts.step,
    live: () => config,
    ...(precompute === undefined ? {} : { precomputeTargets: precompute }),
  });
  for await (const report of steps) {
    const row = await readRow(report);
    dispose(setup);
    return [...row.subarray(1, 5)];
  }
  throw new Error("the run was over");
}

async function readRow({ step, scalars, learningRate }: StepReport): Promise<Float32Array<ArrayBuffer>> {
  const values = await scalars.data<"float32">();
  scalars.dispose();
  const row = Float32Array.of(step, ...values, learningRate, 100, step * 10);
  if (row.length !== metricColumns.length) throw new Error("a row of metrics");
  return row;
}

interface Recorded {
  readonly name: "first" | "second" | "plain";
  readonly images: tf.Tensor4D;
}

/** The same source; every pair of views that it renders is recorded. */
function recording(source: ViewSource, into: Recorded[]): ViewSource {
  return {
    sourceSize: source.sourceSize,
    viewSize: source.viewSize,
    render: (...asked) => source.render(...asked),
    renderPair: (...asked) => {
      const pair = source.renderPair(...asked);
      record("first", tf.clone(pair.first), into);
      record("second", tf.clone(pair.second), into);
      return pair;
    },
    dispose: () => undefined,
  };
}

/** Takes over `images`. */
function record(name: Recorded["name"], images: tf.Tensor4D, into: Recorded[]): void {
  into.push({ name, images: tf.keep(images) });
}

/** As PyTorch has images, [N, 3, V, V], each kind numbered from 0. */
async function numbered(recorded: readonly Recorded[]): Promise<TensorToWrite[]> {
  const counts = { first: 0, second: 0, plain: 0 };
  const tensors: TensorToWrite[] = [];
  for (const { name, images } of recorded) {
    const turned = tf.tidy(() => tf.transpose(images, [0, 3, 1, 2]));
    const values = Float32Array.from(await turned.data<"float32">());
    tensors.push({ name: `${name}/${counts[name]++}`, shape: turned.shape, values });
    tf.dispose([images, turned]);
  }
  return tensors;
}
