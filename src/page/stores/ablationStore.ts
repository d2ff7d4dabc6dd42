import { createStore } from "zustand/vanilla";
import type { AblationDesign, AblationValue } from "../../contract/ablationDesign.ts";
import type { Config } from "../../contract/config.ts";
import type { EvaluationBaseline } from "../../contract/metrics.ts";
import { presets } from "../../contract/presets.ts";

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

/** One run of the queue. Value and seed tell it from all others. */
export interface AblationJob {
  /** Null for the run without a teacher, the line to beat. */
  readonly value: AblationValue | null;
  readonly seed: number;
  readonly state: "queued" | "running" | "done" | "failed" | "skipped" | "stoppedEarly";
  /** Of the last attempt; empty before the first, and after one that was stopped. */
  readonly runId: string;
  /** How often it was begun. */
  readonly attempts: number;
  readonly result: AblationResult | null;
  /** How long it took, start and measurements included, pauses excluded; null where that is not known. */
  readonly seconds: number | null;
  /** Why it failed or was stopped early; of one that is queued again, why. */
  readonly problem: string;
}

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
export function ablationIsGoing(): boolean {
  const { status } = ablationStore.getState();
  return status === "running" || status === "paused";
}
