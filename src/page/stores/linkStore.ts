import { createStore } from "zustand/vanilla";
import type { WebOrigin } from "../../contract/webOrigin.ts";
import type { LinkedDataset } from "../../contract/linkedDataset.ts";

/** A link that was opened, or the file of a run. */
export type LinkSource = "link" | "run";

interface LinkState {
  /** What the rest was read from last. */
  readonly source: LinkSource;
  /** The images it was made with; null when it names none. */
  readonly dataset: LinkedDataset | null;
  /** Where it says its teacher and its images can be downloaded; shown, never followed by itself. */
  readonly teacher: WebOrigin | null;
  readonly data: WebOrigin | null;
}

export const linkStore = createStore<LinkState>(() => ({
  source: "link",
  dataset: null,
  teacher: null,
  data: null,
}));
