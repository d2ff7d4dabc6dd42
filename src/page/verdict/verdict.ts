import type { Config, ConfigPatch } from "../../contract/config.ts";
import type { Evaluation, EvaluationBaseline } from "../../contract/metrics.ts";
import type { RunEnd, RunPlan } from "../../contract/protocol.ts";
import type { MetricLog } from "../metrics/metricLog.ts";
import { describeProgress } from "./evidence.ts";
import { faultRules } from "./faultRules.ts";
import { readSignals, type Signals } from "./signals.ts";

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
  /** One thing to try, or empty. */
  readonly advice: string;
  /** The advice as a change of settings. */
  readonly change?: ConfigPatch;
}

/** Says from a run's numbers how it goes: a failure first, then faults by how sure they are, then progress. */
export function judgeRun(facts: VerdictFacts): Verdict {
  const signals = readSignals(facts);
  for (const rule of [failedRule, ...faultRules]) {
    const verdict = rule(signals);
    if (verdict !== null) return verdict;
  }
  return signals.end === null ? judgeGoing(signals) : judgeEnd(signals);
}

function failedRule({ end }: Signals): Verdict | null {
  if (end?.kind !== "failed") return null;
  const { message, hint } = end.error;
  return { kind: "failed", tone: "bad", headline: "The run failed", evidence: message, advice: hint ?? "" };
}

function judgeGoing(signals: Signals): Verdict {
  if (!signals.isTelling) {
    return {
      kind: "waiting",
      tone: "neutral",
      headline: signals.steps === 0 ? "Nothing to judge yet" : "Too early to tell",
      evidence:
        signals.steps === 0 ? "The first numbers come with the first steps." : describeProgress(signals),
      advice: "",
    };
  }
  if (signals.isFlat) {
    return {
      kind: "saturated",
      tone: "neutral",
      headline: "Learning has levelled off",
      evidence: describeProgress(signals),
      advice: "Stop here, or try more pictures or a wider student.",
      ...widerStudent(signals.config),
    };
  }
  return {
    kind: "learning",
    tone: "good",
    headline: signals.hasLearnt ? "Learning steadily" : "Learning, slowly so far",
    evidence: describeProgress(signals),
    advice: signals.contrastiveRises
      ? "The contrastive loss rises at first because random keys give way to real ones: leave it running."
      : "",
  };
}

function judgeEnd(signals: Signals): Verdict {
  const evidence = describeProgress(signals);
  const { steps, totalSteps } = signals;
  if (signals.end?.kind === "stopped") {
    return {
      kind: "stopped",
      tone: "neutral",
      headline: "Stopped early",
      evidence: steps === 0 ? "It was stopped before its first step." : evidence,
      advice:
        steps === 0 || steps >= totalSteps
          ? ""
          : `Let it run to the end: ${totalSteps - steps} of ${totalSteps} steps were left.`,
    };
  }
  const { gapClosed } = signals;
  if (signals.isFlat) {
    return {
      kind: "saturated",
      tone: "good",
      headline: "Learnt what it could",
      evidence,
      advice: "More steps would add little: try more pictures or a wider student.",
      ...widerStudent(signals.config),
    };
  }
  if (gapClosed !== null && gapClosed < farFromTeacher) {
    return {
      kind: "teacherTooFar",
      tone: "neutral",
      headline: "Learnt, but far from its teacher",
      evidence,
      advice: `Train for longer: ${2 * totalSteps} steps.`,
      change: { steps: 2 * totalSteps },
    };
  }
  return {
    kind: "learnt",
    tone: "good",
    headline: gapClosed !== null && gapClosed > closeToTeacher ? "Close to its teacher" : "It has learnt",
    evidence,
    advice: `Train for longer to see how much further it gets: ${2 * totalSteps} steps.`,
    change: { steps: 2 * totalSteps },
  };
}

/** Of the way from the untrained student to the teacher. */
const farFromTeacher = 0.25;
const closeToTeacher = 0.8;

function widerStudent({ studentWidth }: Config): { change?: ConfigPatch } {
  return studentWidth < 32 ? { change: { studentWidth: 2 * studentWidth } } : {};
}
