import { createStore } from "zustand/vanilla";
import type { Config } from "../../contract/config.ts";
import type { EvaluationBaseline } from "../../contract/metrics.ts";
import { presets, type AblationDesign } from "../../contract/presets.ts";

interface AblationResult {
  /** The student's on held-out images at the end; null without labels. */
  readonly knn: number | null;
  /** Mean of the distillation loss over the last tenth of the run, at least ten steps; null without a teacher. */
  readonly distillation: number | null;
  /** What it was measured against. */
  readonly baseline: Pick<
    EvaluationBaseline,
    "teacherKnn" | "untrainedKnn" | "chance" | "queryImages"
  > | null;
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
}

export const ablationStore = createStore<AblationState>(() => ({
  design: presets.bottleneck.design,
  config: null,
  status: "idle",
  jobs: [],
}));
