/** A student taken away: what is asked of the worker that packs `student.zip`, and what it answers. */
import type { ClusterToPack } from "./clusterExport.ts";
import type { Config } from "./config.ts";
import type { RunFile } from "./runFile.ts";
import type { SetEmbeddings, StudentWitness } from "./studentAnswers.ts";

/** For whom the zip is packed; value → what a person reads. */
export const exportParts = {
  torch: "PyTorch",
  onnx: "ONNX",
  transformersjs: "transformers.js",
  tfjs: "TensorFlow.js",
} as const;
export type ExportPart = keyof typeof exportParts;
export const exportPartNames = Object.keys(exportParts) as readonly ExportPart[];

/** What of the settings tells which network the student is. */
export type StudentSettings = Pick<
  Config,
  "student" | "studentStem" | "studentWidth" | "hiddenWidth" | "method" | "imageSize"
>;

/** How far values may lie apart, as a share of the largest where that is over 1: far above float32's noise. */
export const exportTolerance = 1e-4;

export interface StudentToPack {
  /** `student.safetensors`, head included. */
  readonly weights: Uint8Array<ArrayBuffer>;
  readonly settings: StudentSettings;
  readonly witness: StudentWitness;
  readonly parts: readonly ExportPart[];
  readonly withHead: boolean;
  /** As `run.json` has it. */
  readonly run: RunFile;
}

/** A file of the zip that was run on the certificate's pictures before the zip was handed over. */
export interface ExportCheck {
  readonly file: string;
  /** "ONNX Runtime Web 1.30.0". */
  readonly runtime: string;
  readonly largestDifference: number;
  readonly agrees: boolean;
}

export interface PackedStudent {
  readonly zip: Uint8Array<ArrayBuffer>;
  readonly checks: readonly ExportCheck[];
  /** Of the files before they were packed. */
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
}

export interface EmbeddingsToPack {
  readonly set: SetEmbeddings;
  /** Of the set's classes. */
  readonly labels: readonly string[];
}

/** How many neighbours of each image the table of neighbours lists. */
export const listedNeighbours = 10;

export interface ExportRequests {
  /** `cluster.zip`. Progress is a sentence. */
  packCluster: { in: ClusterToPack; out: { readonly zip: Uint8Array<ArrayBuffer> } };
  /** A zip of tables: embeddings of a set's images and their nearest neighbours. Progress is a sentence. */
  packEmbeddings: { in: EmbeddingsToPack; out: { readonly zip: Uint8Array<ArrayBuffer> } };
  /** Progress is a sentence. @throws AppError "internal" when a file disagrees with the live student. */
  packStudent: { in: StudentToPack; out: PackedStudent };
}
