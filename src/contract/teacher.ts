/** What is known of a teacher: before it is used (`TeacherInspection`) and while it is (`TeacherCard`). */
import type { ErrorWire } from "./errors.ts";
import type { NamedShape } from "./tensorFact.ts";

/** What was recognised in a teacher. */
export interface TeacherCard {
  readonly name: string;
  readonly source: "bundled" | "safetensors" | "pytorch" | "tfjs-layers" | "tfjs-graph" | "onnx";
  /** "ResNet-18, 3×3 stem, width 16". */
  readonly architecture: string;
  /** "MLP 128 → 256 → 128"; "none: pooled features" where there is none; of a whole model which output is used. */
  readonly head: string;
  readonly embeddingDim: number;
  readonly featureDim: number;
  readonly inputSize: number;
  /** "ImageNet mean/std", "[−1, 1]". */
  readonly preprocessing: string;
  readonly parameters: number;
  readonly bytes: number;
  /** Facts worth a line each, e.g. a classifier layer that is not used. */
  readonly notes: readonly string[];
  /** How it is used, where that had to be chosen or was told; with the same file it gives the same teacher. */
  readonly recipe?: TeacherRecipe;
}

/**
 * How a network is used as a teacher, where its file leaves that open. What is left out is as the file says, or a
 * sensible default. Of the named architectures (safetensors, PyTorch) `inputSize` and `normalisation` count only.
 */
export interface TeacherRecipe {
  /** The output, layer or node whose values are the embedding. */
  readonly output?: string;
  /** What makes one vector an image of those values. */
  readonly pooling?: Pooling;
  /** Side of the square images it takes, pixels. */
  readonly inputSize?: number;
  /** What it wants done to pixels. */
  readonly normalisation?: Normalisation;
}

/** What may be chosen about a network before it is used as a teacher. */
export interface TeacherOptions {
  /** What may be its embedding; the file's own outputs first. */
  readonly outputs: readonly OutputOption[];
  /** The one size it takes, pixels; null where another may be tried. */
  readonly fixedInputSize: number | null;
  /** What is used unless something else is chosen. */
  readonly recipe: CompleteRecipe;
}

/** Nothing is left open but a pooling that the output's shape tells. */
export type CompleteRecipe = TeacherRecipe & Required<Omit<TeacherRecipe, "pooling">>;

export interface OutputOption {
  readonly name: string;
  /** "[any, 257, 384], output", "GlobalAveragePool". */
  readonly what: string;
  /** What can be done to its values; more than one where a choice is to be made or the shape is not known. */
  readonly poolings: readonly Pooling[];
}

/** Ways from an output to one vector an image; value → what a person reads. */
export const poolings = {
  none: "as it is",
  average: "mean over places",
  firstToken: "first token",
  meanToken: "mean of all tokens",
} as const;
export type Pooling = keyof typeof poolings;

/** What a network may want done to pixels; value → what a person reads. */
export const normalisations = {
  zeroOne: "0 … 1",
  symmetric: "−1 … 1",
  imageNet: "ImageNet mean/std",
  clip: "CLIP mean/std",
  none: "none: 0 … 255",
} as const;
export type Normalisation = keyof typeof normalisations;

/** A list that may be very long: how long, and the first of it, which is all that the page shows. */
export interface Listed<T> {
  readonly count: number;
  readonly first: readonly T[];
}

/** What is known of files that may become the teacher, shown before they are used. */
export interface TeacherInspection {
  /** "PyTorch checkpoint, zip"; of files that cannot be read, what they look like from outside. */
  readonly format: string;
  /** Under which names and wrappers the network lies in a checkpoint; null for a whole model. */
  readonly layout: string | null;
  /** What the teacher would be; null where nothing is recognised, or where only running it can tell. */
  readonly card: TeacherCard | null;
  /** "2, 2, 2, 2 basic blocks; 16, 32, 64, 128 channels"; null where the architecture's name says it all. */
  readonly stages: string | null;
  /** Of a TensorFlow.js or ONNX model: "input_1 [any, 224, 224, 3] float32". */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Null where there is nothing to choose, or nothing that can be used. */
  readonly options: TeacherOptions | null;
  readonly notes: readonly string[];
  readonly tensors: Listed<InspectedTensor>;
  /** Numbers in all tensors together. */
  readonly elements: number;
  /** Null unless an architecture was recognised and the tensors are not exactly its own. */
  readonly mismatch: {
    readonly missing: Listed<NamedShape>;
    readonly unexpected: Listed<NamedShape>;
    readonly wrongShape: Listed<NamedShape & { readonly expected: readonly number[] }>;
  } | null;
  /** Why the files cannot be used; null when they can. */
  readonly refusal: ErrorWire | null;
  /** They are pictures, which belong under Data. */
  readonly holdsPictures: boolean;
}

export interface InspectedTensor {
  readonly name: string;
  /** "float32"; "float32, stored as uint8". */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** The network's name for it, or why it is left out, or what is wrong with it; "" where that is not known. */
  readonly use: string;
}
