import { invariant } from "../../lib/invariant.ts";
import type { StudentStandIn, StudentTrainer } from "../methods/studentTrainer.ts";
import type { LayerIndex } from "../models/network.ts";
import type { Weights } from "../models/weights.ts";
import type { Optimiser } from "../optim/optimiser.ts";
import type { Embedded } from "../teachers/teacher.ts";
import { noPreprocessing } from "../tensors/normalizeImages.ts";
import { runTaped } from "../tfjs/tapedOperation.ts";
import * as tf from "../tfjs/tf.ts";
import type { TfjsGpu } from "../tfjs/tfjsGpu.ts";
import { resizeRows } from "../wgsl/elementwise.ts";
import type { Granularity } from "../wgsl/granularity.ts";
import { stepSettings } from "../wgsl/stepSettings.ts";
import { planBackward } from "./backward/planBackward.ts";
import { planImages, planInput, writeConstants, type ImagesShape } from "./compiledEncoder.ts";
import { planForward } from "./lowering/planForward.ts";
import { downloadNetwork, placeNetwork, uploadNetwork, type NetworkMemory } from "./plan/placeNetwork.ts";
import { Plan, type BuiltPlan, type PlanReport, type PlanTensor } from "./plan/plan.ts";
import { momentShares, PlannedOptimiser } from "./plannedOptimiser.ts";

/** The views of a step: so many batches of one size. */
interface StudentViews {
  readonly views: number;
  readonly batch: number;
  readonly height: number;
  readonly width: number;
}

/** A result that leaves the plan, and the gradient by it that comes back: both [views · batch, width]. */
interface Outlet {
  readonly width: number;
  readonly rows: PlanTensor;
  readonly gradient: PlanTensor;
}

interface PlannedStudent {
  readonly plan: Plan;
  /** [views · batch, H, W, 3], normalised. */
  readonly images: PlanTensor;
  readonly settings: PlanTensor;
  readonly memory: NetworkMemory;
  /** The embedding's, and the features' where they are something else. */
  readonly outlets: readonly Outlet[];
  readonly optimiser: PlannedOptimiser;
  readonly constants: Parameters<typeof writeConstants>[1];
  /** Where the parts of the plan end: forwards, backwards, the optimiser's step. */
  readonly ends: { readonly forwards: number; readonly backwards: number };
}

/**
 * A student's train-mode pass, the way back and its optimiser as one plan, run in three parts. What is between the first
 * two, a loss of embeddings, is any of tfjs's: to its tape the pass is one operation.
 *
 *     z = s(v₁ … vₙ) in one pass, statistics per view │ L(z) and ∂L/∂z by tfjs │ ∂L/∂s by hand │ SGD or Muon
 *
 * Parameters never leave the plan. The tape has one variable for all of them, whose gradient means nothing: asking for it
 * is what runs the way back.
 */
export class CompiledStudent implements StudentStandIn {
  /** Stands for the parameters on tfjs's tape. */
  private readonly leaf = tf.tidy(() => tf.variable(tf.scalar(0)));
  private steps: number;
  private areWeightsStale = false;
  private isOptimiserStale = false;

  private constructor(
    private readonly gpu: TfjsGpu,
    private readonly shape: StudentViews,
    private readonly planned: PlannedStudent,
    private readonly built: BuiltPlan,
    /** The trainer's own. */
    private readonly weights: Weights,
    private readonly optimiser: Optimiser,
  ) {
    this.steps = optimiser.steps;
    uploadNetwork(gpu, built, planned.memory, weights);
    planned.optimiser.upload(gpu, built, optimiser, weights);
  }

  /**
   * @param trainer whose weights and optimiser it begins with, and brings up to date.
   * @throws AppError "out-of-memory" when the device refuses the plan.
   */
  static async compile(
    gpu: TfjsGpu,
    trainer: StudentTrainer,
    shape: StudentViews,
    granularity: Granularity,
    onProgress?: (done: number, total: number) => void,
  ): Promise<CompiledStudent> {
    const planned = planStudent(trainer, shape, granularity);
    const built = await planned.plan.build(gpu.device, onProgress);
    writeConstants(built, planned.constants);
    return new CompiledStudent(gpu, shape, planned, built, trainer.weights, trainer.optimiser);
  }

  get report(): PlanReport {
    return this.built.report;
  }

  /** @param inputs [batch, H, W, 3] each, normalised. */
  runViews(inputs: readonly tf.Tensor4D[]): Embedded[] {
    const { leaf, shape, planned, weights } = this;
    const expected = [shape.batch, shape.height, shape.width, 3].join();
    invariant(
      inputs.length === shape.views && inputs.every((input) => input.shape.join() === expected),
      `compiled for ${shape.views} views of [${expected}]`,
    );
    const results = runTaped({
      inputs: { leaf },
      forwards: () => this.forwards(inputs),
      backwards: (dy) => {
        this.backwards(dy);
        return { leaf: () => tf.zerosLike(leaf) };
      },
    }) as tf.Tensor2D[];
    this.areWeightsStale = true; // the running statistics
    if (planned.memory.bufferTensor !== null) weights.batchesTracked += shape.views;
    return inputs.map((_, view) => {
      const embedding = results[view] as tf.Tensor2D;
      return { embedding, features: results[shape.views + view] ?? embedding };
    });
  }

  update(learningRate: number, loss: () => tf.Scalar): void {
    const { gpu, built, planned } = this;
    tf.dispose(tf.variableGrads(loss, [this.leaf]));
    this.steps++;
    const numbers = stepSettings.pack([
      {
        learningRate,
        ...momentShares(this.steps),
        distillWeight: 0, // the loss is not the plan's
        contrastiveWeight: 0,
        temperature: 0,
      },
    ]);
    gpu.device.queue.writeBuffer(built.bufferOf(planned.settings), 0, numbers);
    const encoder = gpu.device.createCommandEncoder();
    this.encode(encoder, planned.ends.backwards);
    gpu.device.queue.submit([encoder.finish()]);
    this.areWeightsStale = true;
    this.isOptimiserStale = true;
  }

  syncWeights(): void {
    if (!this.areWeightsStale) return;
    this.areWeightsStale = false;
    downloadNetwork(this.built, this.planned.memory, this.weights);
    this.gpu.flush(); // before the next step overwrites what was sliced
  }

  syncOptimiser(): void {
    if (!this.isOptimiserStale) return;
    this.isOptimiserStale = false;
    this.planned.optimiser.download(this.built, this.optimiser, this.weights, this.steps);
    this.gpu.flush();
  }

  dispose(): void {
    this.leaf.dispose();
    this.built.dispose();
  }

  /** @returns [batch, width] for each view, outlet after outlet. */
  private forwards(inputs: readonly tf.Tensor4D[]): tf.Tensor[] {
    const { gpu, built, planned } = this;
    const { batch } = this.shape;
    const sources = inputs.map((input) => gpu.bufferOf(input));
    gpu.flush();
    const encoder = gpu.device.createCommandEncoder();
    const images = built.bufferOf(planned.images);
    sources.forEach((source, view) => {
      const bytes = (inputs[view] as tf.Tensor4D).size * 4;
      encoder.copyBufferToBuffer(source, 0, images, view * bytes, bytes);
    });
    this.encode(encoder, 0, planned.ends.forwards);
    const results = planned.outlets.flatMap(({ rows, width }) => {
      const bytes = batch * width * 4;
      return inputs.map((_, view) => {
        const result = gpu.emptyTensor([batch, width]);
        encoder.copyBufferToBuffer(built.bufferOf(rows), view * bytes, gpu.bufferOf(result), 0, bytes);
        return result;
      });
    });
    gpu.device.queue.submit([encoder.finish()]);
    return results;
  }

  /** @param dy gradients by what `forwards` returned. */
  private backwards(dy: readonly tf.Tensor[]): void {
    const { gpu, built, planned } = this;
    const { batch, views } = this.shape;
    const sources = dy.map((gradient) => gpu.bufferOf(gradient));
    gpu.flush();
    const encoder = gpu.device.createCommandEncoder();
    planned.outlets.forEach(({ gradient, width }, i) => {
      const bytes = batch * width * 4;
      sources.slice(i * views, (i + 1) * views).forEach((source, view) => {
        encoder.copyBufferToBuffer(source, 0, built.bufferOf(gradient), view * bytes, bytes);
      });
    });
    this.encode(encoder, planned.ends.forwards, planned.ends.backwards);
    gpu.device.queue.submit([encoder.finish()]);
  }

  private encode(encoder: GPUCommandEncoder, from: number, to?: number): void {
    const pass = encoder.beginComputePass();
    this.built.encode(pass, from, to);
    pass.end();
  }
}

function planStudent(
  { network, options }: StudentTrainer,
  { views, batch, height, width }: StudentViews,
  granularity: Granularity,
): PlannedStudent {
  const plan = new Plan();
  const samples = views * batch;
  const settings = plan.persistent("settings", stepSettings.size);
  const shape: ImagesShape = { samples, height, width };
  const images = planImages(plan, shape, noPreprocessing); // methods hand over what they have prepared
  const memory = placeNetwork(plan, network, "student");
  const wanted: [LayerIndex, number][] = [[network.embedding, network.embeddingDim]];
  if (network.features !== network.embedding) wanted.push([network.features, network.featureDim]);
  const tape = planForward(
    plan,
    memory,
    planInput(plan, images, 0, samples),
    { kind: "train", views, subBatchesPerView: options.batchNormGroups, viewOrder: "forward" },
    wanted.map(([layer]) => layer),
    granularity,
  );
  const given = new Map<LayerIndex, PlanTensor>();
  const outlets = wanted.map(([layer, width]): Outlet & { readonly fill: () => void } => {
    const value = tape.values.get(layer);
    invariant(value !== undefined, "what is wanted is there");
    const rows = plan.persistent("rows", samples * width);
    const gradient = plan.persistent("gradient by rows", samples * width);
    plan.launch(resizeRows(samples, value.channels, width), [value.tensor, rows]);
    const fill = (): void => {
      const padded = plan.transient("gradient by rows, filled up", samples * value.channels);
      plan.launch(resizeRows(samples, width, value.channels), [gradient, padded]);
      given.set(layer, padded);
    };
    return { width, rows, gradient, fill };
  });
  const forwards = plan.launchCount;
  for (const { fill } of outlets) fill();
  const gradients = plan.persistent("gradients", memory.parameters.size);
  planBackward(plan, tape, given, gradients);
  const backwards = plan.launchCount;
  const optimiser = new PlannedOptimiser(plan, memory, { settings, gradients }, options);
  return {
    plan,
    images: images.raw,
    settings,
    memory,
    outlets,
    optimiser,
    constants: [images.constants, ...tape.constants, ...optimiser.constants],
    ends: { forwards, backwards },
  };
}
