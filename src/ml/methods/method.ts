import type { Config, LiveSettingName } from "../../contract/config.ts";
import type { Prng } from "../../lib/prng.ts";
import type { ViewPair } from "../augment/viewPair.ts";
import type { KeyQueue } from "../losses/queue.ts";
import type { Weights } from "../models/weights.ts";
import type { Embedded } from "../teachers/teacher.ts";
import type * as tf from "../tfjs/tf.ts";
import type { Bags } from "./bags.ts";
import type { StudentTrainer } from "./studentTrainer.ts";

/** What a step sees: views of a batch, and for a method with bags as many of one image from the bag of each. */
export interface Views extends ViewPair {
  readonly companions?: ViewPair;
  /** The teacher's embeddings of these views, where they were computed before the step. */
  readonly targets?: PrecomputedTargets;
}

/** A teacher's embeddings of views, by the views' own tensors. */
export type PrecomputedTargets = ReadonlyMap<tf.Tensor4D, Embedded>;

/** What may change from step to step. */
export type StepSettings = Pick<Config, LiveSettingName>;

/** The order of a step's packed scalars: total loss, its unweighted parts, and the teacher–student cosine. */
export const stepScalars = ["loss", "contrastive", "distillation", "cosine"] as const;

/** A training method with all its state: networks, optimiser, queue. Only `step` changes that state. */
export interface Method {
  readonly trainer: StudentTrainer;
  /** How many views its student embeds in a step, all of them in one pass. */
  readonly studentViews: number;
  /** Weights that follow the student's, for the methods that have them. */
  readonly meanStudent?: Weights;
  /** Keys of past batches, for the methods that have them. */
  readonly queue?: KeyQueue;
  /** Which images go beside an image, for the methods that want companions; to be filled before the first step. */
  readonly bags?: Bags;
  /** Queues besides `queue`, by name. */
  readonly memories?: Readonly<Record<string, KeyQueue>>;
  /** Random streams that steps draw from, by name. */
  readonly prngs?: Readonly<Record<string, Prng>>;
  /**
   * One step of training.
   *
   * @returns [4] in the order of `stepScalars`, still on the device; the caller disposes of it. A part that the
   *   method does not have is NaN-free 0.
   */
  step(views: Views, settings: StepSettings): tf.Tensor1D;
  /** Brings the method that this one took over up to date, optimiser included; of those alone that took one over. */
  syncState?(): void;
  dispose(): void;
}
