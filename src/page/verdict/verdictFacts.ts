import type { Config, ConfigPatch } from "../../contract/config.ts";
import type { Evaluation, EvaluationBaseline } from "../../contract/metrics.ts";
import type { RunEnd, RunPlan } from "../../contract/protocol.ts";
import type { MetricLog } from "../metrics/metricLog.ts";

/** How a run goes, or went. docs/VERDICTS.md has each one's rule, thresholds and how often it is right. */
export type VerdictKind =
  | "waiting"
  | "learning"
  | "learnt"
  | "saturated"
  | "collapsing"
  | "diverging"
  | "belowChance"
  | "rateTooHigh"
  | "rateTooLow"
  | "nothingLearnt"
  | "headTooNarrow"
  | "teacherTooFar"
  | "setTooSmall"
  | "stopped"
  | "failed";

/** What is known of a run at some moment. */
export interface VerdictFacts {
  readonly config: Config;
  readonly plan: RunPlan | null;
  readonly end: RunEnd | null;
  readonly log: MetricLog;
  readonly evaluations: readonly Evaluation[];
  readonly baseline: EvaluationBaseline | null;
}

export interface Verdict {
  readonly kind: VerdictKind;
  readonly tone: "neutral" | "good" | "warning" | "bad";
  /** At most 40 characters. */
  readonly headline: string;
  /** The numbers behind it, in a sentence. */
  readonly evidence: string;
  /** What else was measured, and how far it can be trusted; empty before the first evaluation. */
  readonly also?: string;
  /** One thing to try, or empty. */
  readonly advice: string;
  /** The advice as a change of settings. */
  readonly change?: ConfigPatch;
}

/** Before there is a run, and before its first step. */
export const nothingYet: Verdict = {
  kind: "waiting",
  tone: "neutral",
  headline: "Nothing to tell yet",
  evidence: "The first numbers come with the first steps.",
  advice: "",
};
