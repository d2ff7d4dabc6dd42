import { createStore } from "zustand/vanilla";
import type { WebOrigin } from "../../contract/webOrigin.ts";
import type { LinkedDataset } from "../../contract/linkedDataset.ts";

interface LinkState {
  /** The images the opened link was made with; null when it names none. */
  readonly dataset: LinkedDataset | null;
  /** Where the opened link says its teacher and its images can be downloaded; shown, never followed by itself. */
  readonly teacher: WebOrigin | null;
  readonly data: WebOrigin | null;
}

export const linkStore = createStore<LinkState>(() => ({ dataset: null, teacher: null, data: null }));
