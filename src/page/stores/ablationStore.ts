import { createStore } from "zustand/vanilla";
import type { AblationDesign } from "../../contract/ablationDesign.ts";
import type { AblationJob } from "../../contract/ablationJob.ts";
import type { Config } from "../../contract/config.ts";
import { presets } from "../../contract/presets.ts";

interface AblationState {
  /** As the form has it: the design of the next one, and what a link carries. */
  readonly draft: AblationDesign;
  /** What the jobs are made from. */
  readonly design: AblationDesign;
  /** What all runs share; null before the queue was first started. */
  readonly config: Config | null;
  /** Of the images that all runs are on; empty before that is known. */
  readonly dataFingerprint: string;
  readonly status: "idle" | "running" | "paused" | "stopped" | "finished";
  /** In the order in which they are run. */
  readonly jobs: readonly AblationJob[];
}

export const ablationStore = createStore<AblationState>(() => ({
  draft: presets.bottleneck.design,
  design: presets.bottleneck.design,
  config: null,
  dataFingerprint: "",
  status: "idle",
  jobs: [],
}));

/** Its queue, a pause included. */
export function ablationIsGoing(
  { status }: Pick<AblationState, "status"> = ablationStore.getState(),
): boolean {
  return status === "running" || status === "paused";
}
