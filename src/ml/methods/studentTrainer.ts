import { invariant } from "../../lib/invariant.ts";
import type { Network } from "../models/network.ts";
import { executorOf, forwardViews } from "../executors/forward.ts";
import { disposeWeights, type Weights } from "../models/weights.ts";
import { Muon } from "../optim/muon.ts";
import type { Optimiser } from "../optim/optimiser.ts";
import { Sgd } from "../optim/sgd.ts";
import type { Embedded } from "../teachers/teacher.ts";
import { normalizeImages, type Preprocessing } from "../tensors/normalizeImages.ts";
import { normalizeRows, type UnitRows } from "../tensors/unitRows.ts";
import * as tf from "../tfjs/tf.ts";

export interface TrainerOptions {
  readonly optimiser: "sgd" | "muon";
  readonly momentum: number;
  readonly weightDecay: number;
  readonly batchNormGroups: number;
  readonly preprocessing: Preprocessing;
}

/** The scalars of one step; what a method does not have is left out and counts as 0. */
export interface LossParts {
  /** What is optimised. */
  readonly loss: tf.Scalar;
  readonly contrastive?: tf.Scalar;
  readonly distillation?: tf.Scalar;
  /** Mean cosine of student and teacher, where they embed into the same dimension. */
  readonly cosine?: tf.Scalar;
}

/** A student kept and moved elsewhere than in a trainer's tensors, for the views of a step of one number and size. */
export interface StudentStandIn {
  /** A train-mode pass over all views of a step; gradient flows when called inside `update`, once a step. */
  runViews(inputs: readonly tf.Tensor4D[]): Embedded[];
  /** One optimiser step down the gradient of `loss`. Call inside `tf.tidy`. */
  update(learningRate: number, loss: () => tf.Scalar): void;
  /** Brings the trainer's weights up to date, if need be. */
  syncWeights(): void;
  /** And its optimiser. */
  syncOptimiser(): void;
  dispose(): void;
}

/** The student and its optimiser: the part that every method has. Owns the weights. */
export class StudentTrainer {
  private readonly ownWeights: Weights;
  private readonly ownOptimiser: Optimiser;
  private standIn: StudentStandIn | null = null;

  constructor(
    readonly network: Network,
    weights: Weights,
    readonly options: TrainerOptions,
  ) {
    this.ownWeights = weights;
    this.ownOptimiser = options.optimiser === "muon" ? new Muon(options) : new Sgd(options);
  }

  /** What runs its passes on the present backend. */
  get executor(): "compiled" | ReturnType<typeof executorOf> {
    return this.standIn === null ? executorOf(this.network) : "compiled";
  }

  /** As they are after the last step, whoever took it. */
  get weights(): Weights {
    this.standIn?.syncWeights();
    return this.ownWeights;
  }

  /** As it is after the last step. */
  get optimiser(): Optimiser {
    this.standIn?.syncOptimiser();
    return this.ownOptimiser;
  }

  /** Leaves passes and steps from here on to `standIn`, which began with the present state, and takes it over. */
  leaveTo(standIn: StudentStandIn): void {
    invariant(this.standIn === null, "a student has one stand-in");
    this.standIn = standIn;
  }

  /** @param images [N, V, V, 3] in [0, 1]. @returns the same, as networks of this project take them. */
  prepare(images: tf.Tensor4D): tf.Tensor4D {
    return normalizeImages(images, this.options.preprocessing);
  }

  /** A train-mode pass; gradient flows when called inside `update`. @param input as `prepare` gives it. */
  run(input: tf.Tensor4D, weights: Weights = this.ownWeights): Embedded {
    return this.runViews([input], weights)[0] as Embedded;
  }

  /** As `run`, for views of the same images: like passes one after the other. */
  runViews(inputs: readonly tf.Tensor4D[], weights: Weights = this.ownWeights): Embedded[] {
    const { network, standIn } = this;
    if (standIn !== null && weights === this.ownWeights) return standIn.runViews(inputs);
    const wanted =
      network.embedding === network.features ? [network.embedding] : [network.embedding, network.features];
    return forwardViews(network, weights, inputs, wanted, {
      mode: "train",
      subBatches: this.options.batchNormGroups,
    }).map((results) => {
      const [embedding, features = embedding] = results as [tf.Tensor2D, tf.Tensor2D?];
      return { embedding, features };
    });
  }

  /** The unit embeddings of `runViews`, one for each input. */
  embedViews<T extends readonly tf.Tensor4D[]>(inputs: readonly [...T]): { [K in keyof T]: UnitRows } {
    const rows = this.runViews(inputs).map(({ embedding }) => normalizeRows(embedding));
    return rows as { [K in keyof T]: UnitRows };
  }

  /**
   * One optimiser step down the gradient of `compute().loss`. Call inside `tf.tidy`.
   *
   * @returns [4]: loss, contrastive, distillation, cosine (the order of `stepScalars`).
   */
  update(learningRate: number, compute: () => LossParts): tf.Tensor1D {
    let packed: tf.Tensor1D | undefined;
    const lossOf = (): tf.Scalar => {
      const { loss, contrastive, distillation, cosine } = compute();
      const zero = tf.scalar(0);
      const scalars = [loss, contrastive ?? zero, distillation ?? zero, cosine ?? zero];
      packed = tf.keep(tf.stack(scalars) as tf.Tensor1D); // across the gradient's scope
      return loss;
    };
    if (this.standIn === null) this.descend(learningRate, lossOf);
    else this.standIn.update(learningRate, lossOf);
    invariant(packed !== undefined, "the loss was not computed");
    const scalars = tf.clone(packed);
    packed.dispose();
    return scalars;
  }

  dispose(): void {
    this.standIn?.dispose();
    disposeWeights(this.ownWeights);
    this.ownOptimiser.dispose();
  }

  /** An optimiser step by tfjs's own gradients. */
  private descend(learningRate: number, loss: () => tf.Scalar): void {
    const { parameters } = this.ownWeights;
    const { grads } = tf.variableGrads(loss, [...parameters.values()]);
    const gradients = new Map<string, tf.Tensor>();
    for (const [name, variable] of parameters) {
      const gradient = grads[variable.name];
      if (gradient !== undefined) gradients.set(name, gradient);
    }
    this.ownOptimiser.step(parameters, gradients, learningRate);
  }
}
