import type { ConfigPatch } from "../../contract/config.ts";
import { methods, methodUses } from "../../contract/methods.ts";
import { describeProgress, percent } from "./evidence.ts";
import { momentumFactor, type Signals } from "./signals.ts";
import type { Verdict } from "./verdictFacts.ts";

type FaultRule = (signals: Signals) => Verdict | null;

/** Rates this many times the usual one, or its inverse, are suspects when a run does not go well. */
const suspectRatio = 5;
/** And so many times are never right. */
const absurdRatio = 20;
/** A spread below this is a collapse: healthy SGD dips to 0.085 at first, a broken run stays under 0.04. */
const collapsedSpread = 0.05;
/** Embeddings that use no more dimensions than this have collapsed too. */
const collapsedRank = 1.5;

const diverging: FaultRule = (signals) => {
  const { end, nonFiniteStep } = signals;
  const step = end?.kind === "diverged" ? end.step : nonFiniteStep;
  if (step === null) return null;
  return {
    kind: "diverging",
    tone: "bad",
    headline: "The training blew up",
    evidence: `The loss stopped being a number at step ${step}.`,
    ...lowerRate(signals),
  };
};

const rateTooHigh: FaultRule = (signals) => {
  const { rateRatio, isTelling, spread, hasLearnt, config } = signals;
  if (rateRatio < suspectRatio || !isTelling) return null;
  const shrinks = spread !== null && spread.to < 0.5 * spread.from;
  if (!shrinks && hasLearnt && rateRatio < absurdRatio) return null;
  return {
    kind: "rateTooHigh",
    tone: "bad",
    headline:
      momentumFactor(config) > suspectRatio ? "The momentum is too high" : "The learning rate is too high",
    evidence: `${describeRate(signals)}: ${lowerFirst(describeProgress(signals))}`,
    ...lowerRate(signals),
  };
};

const collapsing: FaultRule = (signals) => {
  const { spread, effectiveRank, steps } = signals;
  const isFlat = spread !== null && spread.to < collapsedSpread;
  // A head of two units never has more.
  const isThin =
    effectiveRank !== null && effectiveRank.to < collapsedRank && effectiveRank.from > 2 * collapsedRank;
  if (!isFlat && !isThin) return null;
  return {
    kind: "collapsing",
    tone: "bad",
    headline: "All pictures look alike to it",
    evidence:
      spread === null
        ? `Its embeddings use ${effectiveRank?.to.toFixed(1)} dimensions after ${steps} steps.`
        : `Its embeddings' spread is ${spread.to.toFixed(2)} (${spread.from.toFixed(2)} before training, 1 is healthy): a collapse.`,
    ...adviceAgainstCollapse(signals),
  };
};

const belowChance: FaultRule = ({ knn, baseline, knnError, evaluations }) => {
  const chance = baseline?.chance ?? null;
  if (knn === null || chance === null || evaluations.length === 0) return null;
  if (knn.to >= chance - 2 * knnError) return null;
  return {
    kind: "belowChance",
    tone: "bad",
    headline: "Worse than guessing",
    evidence: `It sorts ${percent(knn.to)} of pictures it never saw correctly; guessing gets ${percent(chance)}.`,
    advice: "Check that the folders are what the labels should be.",
  };
};

const rateTooLow: FaultRule = (signals) => {
  const { rateRatio, isTelling, usualRate } = signals;
  if (!isTelling || rateRatio > 1 / suspectRatio || signals.hasLearnt) return null;
  return {
    kind: "rateTooLow",
    tone: "warning",
    headline: "The learning rate is too low",
    evidence: `${describeLowRate(signals)}: ${lowerFirst(describeProgress(signals))}`,
    advice: `Set it to ${plain(usualRate)}.`,
    change: { learningRate: usualRate },
  };
};

const setTooSmall: FaultRule = (signals) => {
  const { plan } = signals;
  if (plan === null || plan.trainImages >= 100) return null;
  return {
    kind: "setTooSmall",
    tone: "warning",
    headline: "Very few pictures to learn from",
    evidence: `It trains on ${plan.trainImages} pictures, again and again: what it learns of them need not hold for others.`,
    advice: "Add pictures: a few hundred make a difference.",
  };
};

const headTooNarrow: FaultRule = (signals) => {
  const { config, isTelling } = signals;
  const { hiddenWidth, method } = config;
  if (!isTelling || !methodUses(method, "hiddenWidth") || hiddenWidth === 0 || hiddenWidth > 16) return null;
  return {
    kind: "headTooNarrow",
    tone: "warning",
    headline: "The head may be too narrow",
    evidence: `Everything must pass through ${hiddenWidth} hidden units, and heads so narrow ended lower where we tried: ${lowerFirst(describeProgress(signals))}`,
    advice: "Widen the head to 256 units; it is dropped after training, so it costs nothing later.",
    change: { hiddenWidth: 256 },
  };
};

const nothingLearnt: FaultRule = (signals) => {
  const isIdle = !signals.hasLearnt && signals.isLate;
  if (!isIdle && !sortsNoBetter(signals)) return null;
  return {
    kind: "nothingLearnt",
    tone: "warning",
    headline: "Nothing learnt so far",
    evidence: describeProgress(signals),
    ...adviceAgainstStandstill(signals),
  };
};

/** Without a teacher's likeness to go by, losses may move while nothing of use is learnt: late in a run labels tell. */
function sortsNoBetter({ config, steps, totalSteps, evaluations, knn, knnError }: Signals): boolean {
  if (methods[config.method].usesTeacher || steps < lateShare * totalSteps || knn === null) return false;
  const last = evaluations.slice(-2).map((evaluation) => evaluation.knn ?? 0);
  return last.length === 2 && last.every((accuracy) => accuracy - knn.from < 2 * knnError);
}
const lateShare = 0.6;

/** In the order in which they are looked for: the surer, and the more to the point, the earlier. */
export const faultRules: readonly FaultRule[] = [
  diverging,
  rateTooHigh,
  collapsing,
  rateTooLow,
  setTooSmall,
  headTooNarrow,
  belowChance,
  nothingLearnt,
];

function lowerRate({ rateRatio, usualRate, config }: Signals): { advice: string; change: ConfigPatch } {
  if (momentumFactor(config) > suspectRatio)
    return { advice: "Set the momentum back to 0.9.", change: { momentum: 0.9 } };
  const learningRate = rateRatio > 2 ? usualRate : Number((config.learningRate / 10).toPrecision(2));
  return { advice: `Set the learning rate to ${plain(learningRate)}.`, change: { learningRate } };
}

function adviceAgainstCollapse({ config }: Signals): { advice: string; change?: ConfigPatch } {
  if (methodUses(config.method, "contrastiveWeight") && config.contrastiveWeight === 0)
    return {
      advice: "Turn the contrastive loss on: it keeps pictures apart.",
      change: { contrastiveWeight: 1 },
    };
  if (methodUses(config.method, "temperature") && (config.temperature < 0.05 || config.temperature > 0.7))
    return { advice: "Set the temperature back to 0.2.", change: { temperature: 0.2 } };
  return {
    advice: "Halve the learning rate.",
    change: { learningRate: Number((config.learningRate / 2).toPrecision(2)) },
  };
}

function adviceAgainstStandstill({ config, usualRate }: Signals): { advice: string; change?: ConfigPatch } {
  const uses = (name: string): boolean => methodUses(config.method, name);
  if (uses("distillWeight") && config.distillWeight === 0)
    return { advice: "Give the teacher's term a weight: 16.", change: { distillWeight: 16 } };
  if (uses("temperature") && (config.temperature < 0.05 || config.temperature > 0.7))
    return { advice: "Set the temperature back to 0.2.", change: { temperature: 0.2 } };
  if (config.learningRate !== usualRate)
    return {
      advice: `Try the usual learning rate, ${plain(usualRate)}.`,
      change: { learningRate: usualRate },
    };
  return { advice: "Give it more steps." };
}

function describeRate({ config, rateRatio, usualRate }: Signals): string {
  return momentumFactor(config) > suspectRatio
    ? `A momentum of ${config.momentum} makes steps ${times(momentumFactor(config))} as long`
    : `A rate of ${plain(config.learningRate)} is ${times(rateRatio)} the usual ${plain(usualRate)}`;
}

function describeLowRate({ config, rateRatio, usualRate }: Signals): string {
  return config.learningRate === 0
    ? "A rate of 0 takes no step at all"
    : `A rate of ${plain(config.learningRate)} is one ${Math.round(1 / rateRatio)}th of the usual ${plain(usualRate)}`;
}

function plain(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function times(ratio: number): string {
  return `${Math.round(ratio)} times`;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
