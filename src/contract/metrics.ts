/** One row per training step, as the engine sends it: a Float32Array of `metricColumns.length` values per row. */
export const metricColumns = [
  "step", // 1 is the first
  "loss", // total, as optimised
  "contrastive", // InfoNCE, unweighted
  "distillation", // mean over images of ‖t−s‖², both views summed, unweighted: in [0, 8], 0 = equal
  "cosine", // mean teacher–student cosine over both views; 1 = equal
  "learningRate",
  "imagesPerSecond",
  "elapsedMs", // training time since the start, pauses excluded
] as const;
export type MetricName = (typeof metricColumns)[number];
/** Rows of `metricColumns`, row-major. */
export type MetricRows = Float32Array<ArrayBuffer>;

/** How a set of frozen features does on the held-out images. Values a set or a network cannot have are null. */
export interface Evaluation {
  readonly step: number; // 0 = before training
  /** Weighted-kNN accuracy on held-out images in [0, 1]; null without labels. */
  readonly knn: number | null;
  /** Mean cosine of the student's and the teacher's embedding of the same held-out image; null without a teacher. */
  readonly cosine: number | null;
  /** Mean over dimensions of the standard deviation of unit embeddings × √d: 0 = collapsed, 1 = healthy. */
  readonly spread: number;
  /**
   * Of each held-out image's ten nearest others by the student's embeddings, the share that is among the teacher's ten
   * nearest; mean over images, in [0, 1]. Needs no labels; null without a teacher or in sets of under 20 images.
   */
  readonly overlap: number | null;
  /** Dimensions that the embeddings really use: exp of the entropy of the singular values' shares; 1 = collapsed. */
  readonly effectiveRank: number | null;
  /**
   * The accuracy of prefixes of the embedding, rising in length; null without labels or a head, and where it was not
   * measured: it is at a run's end, and where prefixes learn at every evaluation.
   */
  readonly prefixes: readonly PrefixScore[] | null;
}

/** What an embedding cut to its first dimensions, and divided by its length anew, is worth. */
export interface PrefixScore {
  readonly dims: number;
  /** Weighted-kNN accuracy on held-out images in [0, 1]. */
  readonly knn: number;
}

/** What does not change during a run, told once. */
export interface EvaluationBaseline {
  /** Weighted-kNN accuracy of the teacher's features; null without labels or teacher. */
  readonly teacherKnn: number | null;
  /**
   * The same of the first directions of the teacher's embedding (its PCA), as many as the prefixes have; null without a
   * teacher or labels, and where prefixes do not learn.
   */
  readonly teacherPrefixes: readonly PrefixScore[] | null;
  /** The accuracy of the student's features before training (BatchNorm statistics taken from the set): the floor. */
  readonly untrainedKnn: number | null;
  /** `overlap` of the student before training. */
  readonly untrainedOverlap: number | null;
  /** Accuracy of guessing: the share of the largest class among held-out images; null without labels. */
  readonly chance: number | null;
  readonly neighbours: number;
  readonly temperature: number;
  readonly bankImages: number;
  readonly queryImages: number;
}
