import { invariant } from "../../lib/invariant.ts";
import type { KeyQueue } from "../losses/queue.ts";
import type { FrozenTeacher } from "../methods/frozenTeacher.ts";
import type { Method, StepSettings, Views } from "../methods/method.ts";
import type { StudentTrainer } from "../methods/studentTrainer.ts";
import type { Weights } from "../models/weights.ts";
import { knownUnitRows } from "../tensors/unitRows.ts";
import * as tf from "../tfjs/tf.ts";
import { planImages, planInput, writeConstants, type PlannedImages } from "./compiledEncoder.ts";
import { planBackward } from "./backward/planBackward.ts";
import { planForward, type ForwardTape } from "./lowering/planForward.ts";
import { downloadNetwork, placeNetwork, uploadNetwork, type NetworkMemory } from "./plan/placeNetwork.ts";
import type { Value } from "./plan/value.ts";
import type { Granularity } from "../wgsl/granularity.ts";
import { padToFour } from "../wgsl/kernel.ts";
import {
  attractions,
  averageLosses,
  embeddingGradient,
  logitColumns,
  logits,
  logitSums,
  normaliseRows,
  rowLosses,
  type LossShape,
} from "../wgsl/contrast.ts";
import { follow } from "../wgsl/elementwise.ts";
import { stepSettings } from "../wgsl/stepSettings.ts";
import { CompiledTeacher } from "./compiledTeacher.ts";
import { profilePlan, type LaunchTimes } from "./plan/profilePlan.ts";
import { Plan, type BuiltPlan, type PlanReport, type PlanTensor } from "./plan/plan.ts";
import { momentShares, PlannedOptimiser } from "./plannedOptimiser.ts";
import { tensorOver, type TfjsGpu } from "../tfjs/tfjsGpu.ts";

/** What a compiled step is made of; which parts there are tells DisCo, MoCo-v2 and plain distillation apart. */
export interface StepParts {
  readonly trainer: StudentTrainer;
  readonly teacher: FrozenTeacher | null;
  /** The contrastive half: mean student and queue. */
  readonly contrast: {
    readonly meanStudent: Weights;
    readonly queue: KeyQueue;
    readonly emaMomentum: number;
  } | null;
}

export interface StepSize {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
}

interface Planned {
  readonly plan: Plan;
  readonly images: PlannedImages;
  readonly usesSecondViews: boolean;
  readonly settings: PlanTensor;
  readonly student: NetworkMemory;
  readonly studentTape: ForwardTape;
  readonly mean: {
    readonly memory: NetworkMemory;
    readonly tape: ForwardTape;
    readonly keys: PlanTensor;
  } | null;
  readonly queue: PlanTensor | null;
  readonly optimiser: PlannedOptimiser;
  /** Raw teacher embeddings, view after view. */
  readonly teacherRows: PlanTensor | null;
  readonly scalars: PlanTensor;
}

/**
 * DisCo's step (and MoCo-v2's, and distillation's alone) as one plan: the networks, the loss, the optimiser, the
 * moving average, some 250 launches in one submission and nothing read back. The mathematics is that of `Disco` and
 * `DistillOnly`, which hold the initial state and receive the current one at `sync`.
 *
 *     m ← EMA of s;  k = m(v₂);  q = s(v₁), q′ = s(v₂) in one pass of 2B with statistics per view;  loss and its
 *     gradient by hand;  backward through s;  SGD or Muon;  k into the queue
 */
export class CompiledDisco implements Method {
  private queueRow: number;
  private steps = 0;
  /** Steps that `sync` has counted in the state dicts' number of batches. */
  private countedSteps = 0;
  private stale = false;
  /** The views of the step under way, where the plan has them. */
  private readonly rawViews: tf.Tensor4D;

  private constructor(
    private readonly gpu: TfjsGpu,
    private readonly parts: StepParts,
    private readonly size: StepSize,
    private readonly planned: Planned,
    private readonly built: BuiltPlan,
    private readonly release: () => void,
  ) {
    this.queueRow = parts.contrast?.queue.next ?? 0;
    this.steps = this.countedSteps = parts.trainer.optimiser.steps;
    const samples = planned.usesSecondViews ? 2 * size.batch : size.batch;
    const shape = [samples, size.height, size.width, 3];
    this.rawViews = tensorOver(built.bufferOf(planned.images.raw), shape) as tf.Tensor4D;
  }

  /**
   * @param parts the initial state; `sync` brings it up to date.
   * @param release disposes of the parts, when this is disposed of.
   * @throws AppError "out-of-memory" when the device refuses the plan.
   */
  static async compile(
    gpu: TfjsGpu,
    parts: StepParts,
    size: StepSize,
    granularity: Granularity,
    release: () => void,
    onProgress?: (done: number, total: number) => void,
  ): Promise<CompiledDisco> {
    const planned = planStep(parts, size, granularity);
    const built = await planned.plan.build(gpu.device, onProgress);
    const constants = [
      planned.images.constants,
      ...planned.studentTape.constants,
      ...(planned.mean?.tape.constants ?? []),
      ...planned.optimiser.constants,
    ];
    writeConstants(built, constants);
    const compiled = new CompiledDisco(gpu, parts, size, planned, built, release);
    compiled.upload();
    return compiled;
  }

  get trainer(): StudentTrainer {
    this.sync();
    return this.parts.trainer;
  }

  get studentViews(): number {
    return this.planned.studentTape.views;
  }

  get report(): PlanReport {
    return this.built.report;
  }

  step(views: Views, settings: StepSettings): tf.Tensor1D {
    const { gpu, built, planned, parts, size } = this;
    const { batch, height, width } = size;
    invariant(
      views.first.shape.join() === [batch, height, width, 3].join(),
      "compiled for views of one shape",
    );
    const { queue } = gpu.device;
    const raw = built.bufferOf(planned.images.raw);
    const sources = planned.usesSecondViews ? [views.first, views.second] : [views.first];
    const buffers = sources.map((view) => gpu.bufferOf(view));
    gpu.flush();
    const copying = gpu.device.createCommandEncoder();
    buffers.forEach((buffer, i) => {
      const bytes = views.first.size * 4;
      copying.copyBufferToBuffer(buffer, 0, raw, i * bytes, bytes);
    });
    queue.submit([copying.finish()]);

    const teacherRows = this.teacherRows(views);
    const teacherBuffer = teacherRows === null ? null : gpu.bufferOf(teacherRows);
    if (teacherRows !== null) gpu.flush();
    this.steps++;
    const numbers = stepSettings.pack([{ ...settings, ...momentShares(this.steps) }]);
    queue.writeBuffer(built.bufferOf(planned.settings), 0, numbers);

    const encoder = gpu.device.createCommandEncoder();
    if (planned.teacherRows !== null && teacherRows !== null && teacherBuffer !== null) {
      const target = built.bufferOf(planned.teacherRows);
      encoder.copyBufferToBuffer(teacherBuffer, 0, target, 0, teacherRows.size * 4);
    }
    const pass = encoder.beginComputePass();
    built.encode(pass);
    pass.end();
    if (planned.mean !== null && planned.queue !== null && parts.contrast !== null)
      this.enqueue(encoder, planned.mean.keys, planned.queue, parts.contrast.queue);
    queue.submit([encoder.finish()]);
    teacherRows?.dispose();
    this.stale = true;
    return tf.tensor<tf.Rank.R1>({ buffer: built.bufferOf(planned.scalars) }, [4], "float32");
  }

  /** Brings the tensors of the method this took over up to date. Nothing is read back. */
  sync(): void {
    if (!this.stale) return;
    this.stale = false;
    const { built, planned, parts } = this;
    this.gpu.flush();
    const download = (memory: NetworkMemory, weights: Weights, passes: number): void => {
      downloadNetwork(built, memory, weights);
      if (memory.bufferTensor !== null) weights.batchesTracked += passes * (this.steps - this.countedSteps);
    };
    download(planned.student, parts.trainer.weights, planned.studentTape.views);
    if (planned.mean !== null && parts.contrast !== null) {
      download(planned.mean.memory, parts.contrast.meanStudent, 1);
      if (planned.queue !== null) {
        const { capacity, dim } = parts.contrast.queue;
        const rows = tf.tidy(() =>
          tf.slice2d(
            tensorOver(built.bufferOf(planned.queue as PlanTensor), [
              capacity,
              padToFour(dim),
            ]) as tf.Tensor2D,
            [0, 0],
            [capacity, dim],
          ),
        );
        parts.contrast.queue.replace(knownUnitRows(rows), this.queueRow);
      }
    }
    this.countedSteps = this.steps;
    this.gpu.flush();
  }

  /** And the optimiser that it took over. Nothing is read back. */
  syncState(): void {
    this.sync();
    const { built, planned, parts, steps } = this;
    if (steps === 0) return;
    const { optimiser, weights } = parts.trainer;
    planned.optimiser.download(built, optimiser, weights, steps);
    this.gpu.flush();
  }

  /** Where the time of a step goes. Takes one, on numbers left over, and so spoils the state. A sync point. */
  async profile(): Promise<readonly LaunchTimes[]> {
    const { teacher } = this.parts;
    const step = (await profilePlan(this.built)) ?? [];
    const teaching =
      teacher?.teacher instanceof CompiledTeacher ? ((await teacher.teacher.profile()) ?? []) : [];
    return [...teaching.map((times) => ({ ...times, label: `teacher: ${times.label}` })), ...step].sort(
      (a, b) => b.ms - a.ms,
    );
  }

  dispose(): void {
    this.rawViews.dispose();
    this.built.dispose();
    this.release();
  }

  private upload(): void {
    const { gpu, built, planned, parts } = this;
    const { optimiser, weights } = parts.trainer;
    uploadNetwork(gpu, built, planned.student, weights);
    planned.optimiser.upload(gpu, built, optimiser, weights);
    if (planned.mean === null || planned.queue === null || parts.contrast === null) return;
    uploadNetwork(gpu, built, planned.mean.memory, parts.contrast.meanStudent);
    const { queue } = parts.contrast;
    const rows = tf.pad(queue.keys(), [
      [0, 0],
      [0, padToFour(queue.dim) - queue.dim],
    ]);
    const from = gpu.bufferOf(rows);
    gpu.flush();
    const encoder = gpu.device.createCommandEncoder();
    encoder.copyBufferToBuffer(from, 0, built.bufferOf(planned.queue), 0, rows.size * 4);
    gpu.device.queue.submit([encoder.finish()]);
    rows.dispose();
  }

  /** [2B, D filled up], raw, known or of the views that lie in the plan already; null without a teacher. */
  private teacherRows({ first, second, targets }: Views): tf.Tensor2D | null {
    const { parts, rawViews, size } = this;
    const { teacher } = parts;
    if (teacher === null) return null;
    return tf.tidy(() => {
      const inOrder = (): tf.Tensor2D =>
        teacher.options.batchNorm === "eval"
          ? teacher.run(rawViews).embedding // no sample knows of another, so both views go at once
          : this.teacherRowsInOrder(teacher, rawViews, size.batch);
      const rows =
        targets === undefined
          ? inOrder()
          : tf.concat2d(
              [first, second].map((view) => teacher.run(view, targets).embedding),
              0,
            );
      const columns = rows.shape[1];
      if (columns % 4 === 0) return tf.clone(rows);
      return tf.pad<tf.Tensor2D>(rows, [
        [0, 0],
        [0, padToFour(columns) - columns],
      ]);
    });
  }

  /** View 2 before view 1, as the authors have it: the order shows in the teacher's running statistics. */
  private teacherRowsInOrder(teacher: FrozenTeacher, views: tf.Tensor4D, batch: number): tf.Tensor2D {
    const second = teacher.run(tf.slice4d(views, [batch, 0, 0, 0], [batch, -1, -1, -1])).embedding;
    const first = teacher.run(tf.slice4d(views, [0, 0, 0, 0], [batch, -1, -1, -1])).embedding;
    return tf.concat2d([first, second], 0);
  }

  /** Copies this step's keys over the oldest ones. */
  private enqueue(
    encoder: GPUCommandEncoder,
    keys: PlanTensor,
    queue: PlanTensor,
    { capacity, dim }: KeyQueue,
  ): void {
    const { built } = this;
    const rowBytes = padToFour(dim) * 4;
    const batch = this.size.batch;
    const first = Math.min(batch, capacity - this.queueRow);
    const [from, to] = [built.bufferOf(keys), built.bufferOf(queue)];
    encoder.copyBufferToBuffer(from, 0, to, this.queueRow * rowBytes, first * rowBytes);
    if (first < batch) encoder.copyBufferToBuffer(from, first * rowBytes, to, 0, (batch - first) * rowBytes);
    this.queueRow = (this.queueRow + batch) % capacity;
  }
}

function planStep(parts: StepParts, { batch, height, width }: StepSize, granularity: Granularity): Planned {
  const { trainer, teacher, contrast } = parts;
  const { network } = trainer;
  const plan = new Plan();
  const distils = teacher !== null;
  const views = distils ? 2 : 1;
  const subBatchesPerView = trainer.options.batchNormGroups;
  const settings = plan.persistent("settings", stepSettings.size);
  const usesSecondViews = distils || contrast !== null;
  const images = planImages(
    plan,
    { samples: usesSecondViews ? 2 * batch : batch, height, width },
    trainer.options.preprocessing,
  );
  const student = placeNetwork(plan, network, "student");
  const dim = padToFour(network.embeddingDim);
  const wanted = [network.embedding];
  const embeddingOf = (tape: ForwardTape): Value => {
    const value = tape.values.get(network.embedding);
    invariant(value !== undefined, "the embedding was wanted");
    return value;
  };
  const loss: LossShape = {
    batch,
    views,
    dim,
    keys: contrast?.queue.capacity ?? 0,
    contrasts: contrast !== null,
    distils,
  };

  let mean: Planned["mean"] = null;
  let queue: PlanTensor | null = null;
  if (contrast !== null) {
    const memory = placeNetwork(plan, network, "mean student");
    plan.launch(follow(student.parameters.size, contrast.emaMomentum), [
      student.parameterTensor,
      memory.parameterTensor,
    ]);
    const mode = { kind: "train", views: 1, subBatchesPerView, viewOrder: "forward" } as const;
    const tape = planForward(plan, memory, planInput(plan, images, batch, batch), mode, wanted, granularity);
    const keys = plan.persistent("keys", batch * dim);
    const inverse = plan.transient("key lengths", batch);
    plan.launch(normaliseRows(batch, dim), [embeddingOf(tape).tensor, keys, inverse]);
    mean = { memory, tape, keys };
    queue = plan.persistent("queue", contrast.queue.capacity * dim);
  }

  const studentTape = planForward(
    plan,
    student,
    planInput(plan, images, 0, views * batch),
    { kind: "train", views, subBatchesPerView, viewOrder: "forward" },
    wanted,
    granularity,
  );
  const rows = views * batch;
  const q = plan.transient("student rows", rows * dim);
  const inverse = plan.transient("student lengths", rows);
  plan.launch(normaliseRows(rows, dim), [embeddingOf(studentTape).tensor, q, inverse]);

  let teacherRows: PlanTensor | null = null;
  const teacherOperand: PlanTensor[] = [];
  if (distils) {
    teacherRows = plan.persistent("teacher embeddings", rows * dim);
    const unit = plan.transient("teacher rows", rows * dim);
    const lengths = plan.transient("teacher lengths", rows);
    plan.launch(normaliseRows(rows, dim), [teacherRows, unit, lengths]);
    teacherOperand.push(unit);
  }

  const losses = plan.transient("losses", batch * 4);
  const scalars = plan.persistent("scalars", 4);
  const gradientOperands: PlanTensor[] = [];
  let attractionParts = 0;
  if (mean !== null && queue !== null) {
    const scores = plan.transient("logits", batch * logitColumns(loss.keys));
    plan.launch(logits(loss), [settings, q, queue, scores]);
    const { kernel, parts } = logitSums(loss, granularity.threads);
    const sums = plan.transient("logit sums", batch * parts * 2);
    plan.launch(kernel, [scores, sums]);
    plan.launch(rowLosses(loss, parts), [settings, q, ...teacherOperand, mean.keys, sums, losses]);
    const pull = attractions(loss, granularity.threads);
    const pulls = plan.transient("attractions", pull.size);
    plan.launch(pull.kernel, [scores, losses, queue, pulls]);
    gradientOperands.push(mean.keys, losses, pulls);
    attractionParts = pull.parts;
  } else {
    plan.launch(rowLosses(loss, 0), [q, ...teacherOperand, losses]);
  }
  plan.launch(averageLosses(loss), [settings, losses, scalars]);
  const dz = plan.transient("embedding gradient", rows * dim);
  plan.launch(embeddingGradient(loss, attractionParts), [
    settings,
    q,
    inverse,
    ...teacherOperand,
    ...gradientOperands,
    dz,
  ]);

  const gradients = plan.persistent("gradients", student.parameters.size);
  planBackward(plan, studentTape, new Map([[network.embedding, dz]]), gradients);
  const optimiser = new PlannedOptimiser(plan, student, { settings, gradients }, trainer.options);
  return {
    plan,
    images,
    usesSecondViews,
    settings,
    student,
    studentTape,
    mean,
    queue,
    optimiser,
    teacherRows,
    scalars,
  };
}
