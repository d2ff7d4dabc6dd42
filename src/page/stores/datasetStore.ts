import { createStore } from "zustand/vanilla";
import type { DatasetSummary } from "../../contract/dataset.ts";

interface DatasetState {
  /** The images the engine holds; null before any were given. */
  readonly summary: DatasetSummary | null;
}

export const datasetStore = createStore<DatasetState>(() => ({ summary: null }));
