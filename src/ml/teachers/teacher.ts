import type { TeacherCard } from "../../contract/teacher.ts";
import type * as tf from "../tf.ts";

/** What a network says of a batch of images. Neither is normalised. */
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
  /**
   * No gradient flows. Call inside `tf.tidy`: the results belong to the caller's scope.
   *
   * @param images [N, V, V, 3] in [0, 1]; resized to `inputSize` (0: the teacher's own) and preprocessed here.
   */
  embed(images: tf.Tensor4D, batchNorm: TeacherBatchNorm, inputSize: number): Embedded;
  dispose(): void;
}
