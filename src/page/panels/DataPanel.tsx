import { useStore } from "zustand";
import { datasetStore } from "../stores/datasetStore.ts";

/** Which images there are. */
export function DataPanel() {
  const summary = useStore(datasetStore, (state) => state.summary);
  return <p>{summary === null ? "No images yet." : `${summary.name}: ${summary.count} images`}</p>;
}
