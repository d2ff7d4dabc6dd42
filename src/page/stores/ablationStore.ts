import { createStore } from "zustand/vanilla";
import type { Config } from "../../contract/config.ts";

/** The setting an ablation varies. */
export type AblationAxis = "hiddenWidth" | "embeddingDim";

export interface AblationDesign {
  readonly axis: AblationAxis;
  readonly values: readonly number[];
  readonly seeds: readonly number[];
  /** Length of every run. */
  readonly steps: number;
}

export interface AblationResult {
  /** The student's on held-out images at the end; null without labels. */
  readonly knn: number | null;
  /** Mean of the distillation loss over the last tenth of the run, at least ten steps; null without a teacher. */
  readonly distillation: number | null;
}

export interface AblationJob {
  readonly value: number;
  readonly seed: number;
  readonly state: "queued" | "running" | "done" | "failed";
  readonly runId: string;
  readonly result: AblationResult | null;
  /** Why it failed. */
  readonly problem: string;
}

interface AblationState {
  readonly design: AblationDesign;
  /** What all runs share; null before the queue was first started. */
  readonly config: Config | null;
  readonly status: "idle" | "running" | "paused" | "stopped" | "finished";
  readonly jobs: readonly AblationJob[];
  /** For the dashed lines of the chart. */
  readonly references: { readonly teacherKnn: number | null; readonly chance: number | null };
}

export const ablationStore = createStore<AblationState>(() => ({
  design: { axis: "hiddenWidth", values: [64, 256, 1024], seeds: [1, 2, 3], steps: 300 },
  config: null,
  status: "idle",
  jobs: [],
  references: { teacherKnn: null, chance: null },
}));
