import { settings, usualRates, type Config, type ConfigPatch } from "../../contract/config.ts";
import { methods } from "../../contract/methods.ts";
import { describeFurther, describeProgress } from "./evidence.ts";
import { faultRules } from "./faultRules.ts";
import { readSignals, type Signals } from "./signals.ts";
import { nothingYet, type Verdict, type VerdictFacts } from "./verdictFacts.ts";

export type { Verdict, VerdictFacts, VerdictKind } from "./verdictFacts.ts";

/** Says from a run's numbers how it goes: a failure first, then faults by how sure they are, then progress. */
export function judgeRun(facts: VerdictFacts): Verdict {
  const signals = readSignals(facts);
  const verdict = firstVerdict(signals);
  return { ...verdict, also: describeFurther(signals, verdict.evidence) };
}

function firstVerdict(signals: Signals): Verdict {
  for (const rule of [failedRule, ...faultRules]) {
    const verdict = rule(signals);
    if (verdict !== null) return verdict;
  }
  return signals.end === null ? judgeGoing(signals) : judgeEnd(signals);
}

function failedRule({ end, config, steps }: Signals): Verdict | null {
  if (end?.kind !== "failed") return null;
  const { message, hint } = end.error;
  const verdict: Verdict = {
    kind: "failed",
    tone: "bad",
    headline: steps === 0 ? "It could not start" : "The run failed",
    evidence: message,
    advice: hint ?? "",
  };
  const lacksTeacher = config.teacher === "none" && methods[config.method].usesTeacher;
  return lacksTeacher ? { ...verdict, change: { method: "mocov2" } } : verdict;
}

function judgeGoing(signals: Signals): Verdict {
  if (signals.steps === 0) return nothingYet;
  if (!signals.isTelling || !signals.hasLearnt) {
    return {
      kind: "waiting",
      tone: "neutral",
      headline: "Too early to tell",
      evidence: describeProgress(signals),
      ...patience(signals),
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
    headline: "Learning steadily",
    evidence: describeProgress(signals),
    ...patience(signals),
  };
}

function patience({ contrastiveRises }: Signals): { advice: string } {
  return {
    advice: contrastiveRises
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
      ...(signals.hasLevelledOff
        ? notLonger(signals.config)
        : {
            advice:
              steps === 0 || steps >= totalSteps
                ? ""
                : `Let it run to the end: ${totalSteps - steps} of ${totalSteps} steps were left.`,
          }),
    };
  }
  const { gapClosed } = signals;
  if (signals.isFlat) {
    return {
      kind: "saturated",
      tone: "good",
      headline: "Learnt what it could",
      evidence,
      ...notLonger(signals.config),
    };
  }
  if (gapClosed !== null && gapClosed < farFromTeacher) {
    return {
      kind: "teacherTooFar",
      tone: "neutral",
      headline:
        signals.sortsBetter === false
          ? "Hardly better than untrained yet"
          : "Learnt, but far from its teacher",
      evidence,
      ...goFurther(signals),
    };
  }
  return {
    kind: "learnt",
    tone: "good",
    headline: gapClosed !== null && gapClosed > closeToTeacher ? "Close to its teacher" : "It has learnt",
    evidence,
    ...goFurther(signals),
  };
}

interface Advice {
  readonly advice: string;
  readonly change?: ConfigPatch;
}

/** Muon learns some three times as much in the same time (docs/RECIPES.md); else more steps, while they still tell. */
function goFurther({ config, totalSteps, hasLevelledOff }: Signals): Advice {
  if (config.optimiser === "sgd")
    return {
      advice: "Try Muon, which learns more in as many steps.",
      change: { optimiser: "muon", learningRate: usualRates.muon },
    };
  if (hasLevelledOff) return notLonger(config);
  const steps = 2 * totalSteps;
  if (steps > settings.steps.max) return { advice: "" };
  return { advice: `Train for longer to see how much further it gets: ${steps} steps.`, change: { steps } };
}

/** What to try after a run that has levelled off. */
function notLonger(config: Config): Advice {
  return {
    advice: "It has levelled off, so more steps would add little: try more pictures or a wider student.",
    ...widerStudent(config),
  };
}

/** Of the way from the untrained student to the teacher. */
const farFromTeacher = 0.25;
const closeToTeacher = 0.8;

function widerStudent({ studentWidth }: Config): { change?: ConfigPatch } {
  return studentWidth < 32 ? { change: { studentWidth: 2 * studentWidth } } : {};
}
