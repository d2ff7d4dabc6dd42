import { createStore } from "zustand/vanilla";
import type { DatasetSummary, Reject } from "../../contract/dataset.ts";
import type { WebOrigin } from "../../contract/webOrigin.ts";
import type { IngestProgress } from "../ingest/ingestImages.ts";

interface DatasetState {
  /** The images the engine holds; null before any were given. */
  readonly summary: DatasetSummary | null;
  /** Where the visitor's own images were downloaded from; null when they were given as files. */
  readonly origin: WebOrigin | null;
  /** What of the visitor's own files was left out, and why. Belongs to `summary` when that is of kind "own". */
  readonly rejects: readonly Reject[];
  /** How far reading files is; null when none are being read. */
  readonly ingestion: IngestProgress | null;
}

export const datasetStore = createStore<DatasetState>(() => ({
  summary: null,
  origin: null,
  rejects: [],
  ingestion: null,
}));
