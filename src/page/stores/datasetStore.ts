import { createStore } from "zustand/vanilla";
import type { DatasetSummary, Reject } from "../../contract/dataset.ts";
import type { WebOrigin } from "../../contract/webOrigin.ts";
import type { LabelLevel, LabelLevelName } from "../ingest/imagePaths.ts";
import type { IngestProgress } from "../ingest/ingestImages.ts";

interface DatasetState {
  /** The images the engine holds; null before any were given. */
  readonly summary: DatasetSummary | null;
  /** Where the visitor's own images were downloaded from; null when they were given as files. */
  readonly origin: WebOrigin | null;
  /** What of the visitor's own files was left out, and why. Belongs to `summary` when that is of kind "own". */
  readonly rejects: readonly Reject[];
  /** By which folders the visitor's own images can be told apart; fewer than two where there is no choice. */
  readonly levels: readonly LabelLevel[];
  /** What their labels were read from. */
  readonly labelLevel: LabelLevelName;
  /** Checkpoints that were given among the images, or in their place. */
  readonly checkpoints: readonly File[];
  /** How far reading files is; null when none are being read. */
  readonly ingestion: IngestProgress | null;
}

/** What goes with the visitor's own images, where there are none. */
export const noOwnImages = {
  origin: null,
  rejects: [],
  levels: [],
  labelLevel: "outer",
  checkpoints: [],
} as const;

export const datasetStore = createStore<DatasetState>(() => ({
  summary: null,
  ...noOwnImages,
  ingestion: null,
}));
