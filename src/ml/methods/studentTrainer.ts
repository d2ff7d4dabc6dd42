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

/** The student and its optimiser: the part that every method has. Owns the weights. */
export class StudentTrainer {
  readonly optimiser: Optimiser;

  constructor(
    readonly network: Network,
    readonly weights: Weights,
    readonly options: TrainerOptions,
  ) {
    this.optimiser = options.optimiser === "muon" ? new Muon(options) : new Sgd(options);
  }

  /** What runs its passes on the present backend. */
  get executor(): ReturnType<typeof executorOf> {
    return executorOf(this.network);
  }

  /** @param images [N, V, V, 3] in [0, 1]. @returns the same, as networks of this project take them. */
  prepare(images: tf.Tensor4D): tf.Tensor4D {
    return normalizeImages(images, this.options.preprocessing);
  }

  /** A train-mode pass; gradient flows when called inside `update`. @param input as `prepare` gives it. */
  run(input: tf.Tensor4D, weights: Weights = this.weights): Embedded {
    return this.runViews([input], weights)[0] as Embedded;
  }

  /** As `run`, for views of the same images: like passes one after the other. */
  runViews(inputs: readonly tf.Tensor4D[], weights: Weights = this.weights): Embedded[] {
    const { network } = this;
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
    const { parameters } = this.weights;
    let packed: tf.Tensor1D | undefined;
    const { grads } = tf.variableGrads(() => {
      const { loss, contrastive, distillation, cosine } = compute();
      const zero = tf.scalar(0);
      const scalars = [loss, contrastive ?? zero, distillation ?? zero, cosine ?? zero];
      packed = tf.keep(tf.stack(scalars) as tf.Tensor1D); // across the gradient's scope
      return loss;
    }, [...parameters.values()]);
    invariant(packed !== undefined, "the loss was not computed");
    const gradients = new Map<string, tf.Tensor>();
    for (const [name, variable] of parameters) {
      const gradient = grads[variable.name];
      if (gradient !== undefined) gradients.set(name, gradient);
    }
    this.optimiser.step(parameters, gradients, learningRate);
    const scalars = tf.clone(packed);
    packed.dispose();
    return scalars;
  }

  dispose(): void {
    disposeWeights(this.weights);
    this.optimiser.dispose();
  }
}
