import { createStore } from "zustand/vanilla";
import type { LinkedDataset } from "../commands/shareLink.ts";

interface LinkState {
  /** The images the opened link was made with; null when it names none. */
  readonly dataset: LinkedDataset | null;
}

export const linkStore = createStore<LinkState>(() => ({ dataset: null }));
