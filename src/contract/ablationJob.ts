import type { AblationValue } from "./ablationDesign.ts";
import type { EvaluationBaseline, PrefixScore } from "./metrics.ts";

interface AblationResult {
  /** The student's on held-out images at the end; null without labels. */
  readonly knn: number | null;
  /** Mean of the distillation loss over the last tenth of the run, at least ten steps; null without a teacher. */
  readonly distillation: number | null;
  /** Of prefixes of the student's embedding at the end; null without labels or a head. */
  readonly prefixes: readonly PrefixScore[] | null;
  /** What it was measured against. */
  readonly baseline: Pick<
    EvaluationBaseline,
    "teacherKnn" | "teacherPrefixes" | "untrainedKnn" | "chance" | "queryImages"
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
