import type { TeacherCard } from "../../contract/teacher.ts";
import type * as tf from "../tfjs/tf.ts";

/** A network's two outputs for a batch of images. Neither is normalised. */
export interface Embedded {
  /** [N, embeddingDim]: what the student is to match. */
  readonly embedding: tf.Tensor2D;
  /** [N, featureDim]: the backbone's pooled features, what kNN is measured on. */
  readonly features: tf.Tensor2D;
}

export type TeacherBatchNorm = "train" | "eval";

/** A frozen network, whatever it was loaded from. */
export interface Teacher {
  readonly card: TeacherCard;
  /** Whether its BatchNorm can use the batch's statistics, as the authors' code does. */
  readonly supportsTrainBatchNorm: boolean;
  /** "later": another runtime's, which promises. Its embeddings must be there before a step begins. */
  readonly embeds: "now" | "later";
  /**
   * No gradient flows. Of a teacher that embeds now: call inside `tf.tidy`; the results belong to the caller's scope.
   * Of one that embeds later: never inside `tf.tidy`; the caller disposes of the results. `embedWithTeacher` does both.
   *
   * @param images [N, V, V, 3] in [0, 1]; resized to `inputSize` (0: the teacher's own) and preprocessed here.
   */
  embed(images: tf.Tensor4D, batchNorm: TeacherBatchNorm, inputSize: number): Embedded | Promise<Embedded>;
  dispose(): void;
}
