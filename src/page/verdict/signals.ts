import { usualRates, type Config } from "../../contract/config.ts";
import { methods, methodUses } from "../../contract/methods.ts";
import type { Evaluation, EvaluationBaseline } from "../../contract/metrics.ts";
import type { RunEnd, RunPlan } from "../../contract/protocol.ts";
import type { MetricLog } from "../metrics/metricLog.ts";
import type { VerdictFacts } from "./verdictFacts.ts";

/** From where to where a measurement went. */
export interface Move {
  readonly from: number;
  readonly to: number;
}

/** What the rules look at: a run's numbers, smoothed and compared. Everything that is not known is null. */
export interface Signals {
  readonly config: Config;
  readonly plan: RunPlan | null;
  readonly end: RunEnd | null;
  readonly steps: number;
  readonly totalSteps: number;
  /** The first step with a number that is not finite; null while there is none. */
  readonly nonFiniteStep: number | null;
  /** Of the student, the teacher seen on training views; null for methods that do not compare them. */
  readonly trainCosine: Move | null;
  /** The total loss: its first steps, its last. */
  readonly loss: Move | null;
  readonly contrastive: Move | null;
  /** From its highest; it rises before it falls where a queue starts with random keys. */
  readonly contrastiveFromPeak: Move | null;
  readonly distillation: Move | null;
  /** On held-out images, untrained and last. */
  readonly cosine: Move | null;
  readonly knn: Move | null;
  readonly overlap: Move | null;
  readonly spread: Move | null;
  readonly effectiveRank: Move | null;
  readonly baseline: EvaluationBaseline | null;
  /** Evaluations of the trained student, in order. */
  readonly evaluations: readonly Evaluation[];
  /** Whether accuracy is beyond the untrained student's by more than chance; null without labels. */
  readonly sortsBetter: boolean | null;
  /** Standard error of a kNN accuracy at chance. */
  readonly knnError: number;
  /** The learning rate as a multiple of what is usual with this optimiser, momentum and these weights. */
  readonly rateRatio: number;
  readonly usualRate: number;
  /** Enough steps that doing nothing would show. */
  readonly isTelling: boolean;
  /** Something moved as it does when a student learns. */
  readonly hasLearnt: boolean;
  /** The measurements have stopped moving, and not because the run is young or its learning rate ran out. */
  readonly isFlat: boolean;
  /** The measurements have stopped moving, for whatever reason. */
  readonly hasLevelledOff: boolean;
  /** As it does while random keys give way to real ones. */
  readonly contrastiveRises: boolean;
  /** Enough was seen to say that nothing is learnt, if nothing is. */
  readonly isLate: boolean;
  /** Of the way from the untrained student to the teacher, by kNN, else overlap, else cosine. */
  readonly gapClosed: number | null;
}

/** Fewer steps than this tell nothing. */
const fewestTellingSteps = 10;
/** A student that learns shows it by then. */
const fewestIdleSteps = 12;

export function readSignals(facts: VerdictFacts): Signals {
  const { config, plan, end, log, baseline } = facts;
  const steps = log.length === 0 ? 0 : log.column("step")[log.length - 1]!;
  const totalSteps = plan?.totalSteps ?? config.steps;
  const untrained = facts.evaluations.find(({ step }) => step === 0) ?? null;
  const evaluations = facts.evaluations.filter(({ step }) => step > 0);
  const usualRate = usualRateOf(config);
  const move = (name: "knn" | "cosine" | "overlap" | "spread" | "effectiveRank", from?: number | null) =>
    moveOf(from ?? untrained?.[name] ?? null, evaluations.at(-1)?.[name] ?? null);
  const measured = {
    trainCosine: trainingMove(log, "cosine"),
    loss: trainingMove(log, "loss"),
    contrastive: trainingMove(log, "contrastive"),
    contrastiveFromPeak: contrastiveFromPeak(log),
    distillation: trainingMove(log, "distillation"),
    cosine: move("cosine"),
    knn: move("knn", baseline?.untrainedKnn),
    overlap: move("overlap", baseline?.untrainedOverlap),
    spread: move("spread"),
    effectiveRank: move("effectiveRank"),
  };
  const knnError =
    baseline === null || baseline.chance === null ? 1 : standardError(baseline.chance, baseline.queryImages);
  const { contrastive, knn } = measured;
  return {
    config,
    plan,
    end,
    steps,
    totalSteps,
    nonFiniteStep: firstNonFinite(log),
    ...measured,
    baseline,
    evaluations,
    sortsBetter: knn === null ? null : knn.to - knn.from > 2 * knnError,
    knnError,
    usualRate,
    rateRatio: (config.learningRate / usualRate) * momentumFactor(config),
    isTelling: steps >= fewestTellingSteps,
    hasLearnt: hasLearnt(measured, knnError),
    isFlat: isFlat(log, evaluations, baseline?.queryImages ?? 0),
    hasLevelledOff: areLevel(evaluations, baseline?.queryImages ?? 0),
    contrastiveRises:
      methodUses(config.method, "queueSize") &&
      contrastive !== null &&
      contrastive.to > 1.15 * contrastive.from &&
      fallOf(measured.contrastiveFromPeak) < learningSigns.lossFall,
    isLate: isLate(steps, totalSteps, measured),
    gapClosed: gapClosed(measured, baseline, config),
  };
}

/** With a teacher's likeness to go by a few steps do; without, the first losses say little, and a measurement is waited for. */
function isLate(steps: number, totalSteps: number, { trainCosine, spread }: Measured): boolean {
  if (steps < fewestIdleSteps) return false;
  return trainCosine !== null || spread !== null || steps >= totalSteps / 3;
}

/** A good learning rate for a configuration: SGD's depends on how strong the distillation is. */
function usualRateOf({ optimiser, method, distillWeight }: Config): number {
  const isStronglyDistilled = methodUses(method, "distillWeight") && distillWeight > 4;
  return optimiser === "sgd" && isStronglyDistilled ? 0.004 : usualRates[optimiser];
}

/** By how much momentum stretches SGD's steps against the usual 0.9; Muon's keep their length. */
export function momentumFactor({ optimiser, momentum }: Config): number {
  return optimiser === "sgd" ? 0.1 / (1 - momentum) : 1;
}

function moveOf(from: number | null, to: number | null): Move | null {
  return from === null || to === null ? null : { from, to };
}

/** The mean of the first three steps, and of the last few (a tenth of them, at least five). */
function trainingMove(log: MetricLog, name: "loss" | "contrastive" | "distillation" | "cosine"): Move | null {
  const values = log.column(name);
  // Exactly 0 stands for a part that the method does not have.
  if (values.length < 4 || values.every((value) => value === 0)) return null;
  const window = Math.max(5, Math.ceil(values.length / 10));
  return {
    from: mean(values.subarray(0, 3)),
    to: mean(values.subarray(Math.max(3, values.length - window))),
  };
}

function mean(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function firstNonFinite(log: MetricLog): number | null {
  const row = log.column("loss").findIndex((value) => !Number.isFinite(value));
  return row === -1 ? null : log.column("step")[row]!;
}

/** Of a share that was asked about so many images. */
function standardError(share: number, images: number): number {
  return images === 0 ? 1 : Math.sqrt((share * (1 - share)) / images);
}

type Measured = Pick<
  Signals,
  | "trainCosine"
  | "loss"
  | "contrastive"
  | "contrastiveFromPeak"
  | "distillation"
  | "cosine"
  | "knn"
  | "overlap"
  | "spread"
>;

/** What an idle student's numbers do not do; half of what the slowest healthy recording did in its first fifth. */
const learningSigns = {
  cosine: 0.05,
  trainCosine: 0.04,
  overlap: 0.05,
  knnErrors: 2.5,
  lossFall: 0.04,
  spread: 0.15,
};

/** Whether any one sign of learning is there. */
function hasLearnt(measured: Measured, knnError: number): boolean {
  const { trainCosine, cosine, knn, overlap, spread, distillation, contrastiveFromPeak } = measured;
  const rise = (move: Move | null): number => (move === null ? 0 : move.to - move.from);
  return (
    rise(cosine) > learningSigns.cosine ||
    rise(trainCosine) > learningSigns.trainCosine ||
    (trainCosine === null && fallOf(distillation) > learningSigns.lossFall) ||
    fallOf(contrastiveFromPeak) > learningSigns.lossFall ||
    rise(knn) > learningSigns.knnErrors * knnError ||
    rise(overlap) > learningSigns.overlap ||
    rise(spread) > learningSigns.spread
  );
}

/** By what share it is below its start. */
function fallOf(move: Move | null): number {
  return move === null ? 0 : (move.from - move.to) / Math.abs(move.from);
}

/** The contrastive loss at its peak and now, as means of five steps: with a queue it rises before it falls. */
function contrastiveFromPeak(log: MetricLog): Move | null {
  const values = log.column("contrastive");
  let peak = 0;
  let last = 0;
  for (let end = smoothedSteps; end <= values.length; end++) {
    last = mean(values.subarray(end - smoothedSteps, end));
    peak = Math.max(peak, last);
  }
  return peak === 0 ? null : { from: peak, to: last };
}
const smoothedSteps = 5;

const fewestFlatSteps = 100;
const fewestFlatEvaluations = 6;
/** Of its start: below it a student stands still because its learning rate ran out, not because it knows enough. */
const activeRateShare = 0.2;
/** A best that is not beaten by more than this is not beaten. */
const flatRise = { cosine: 0.01, overlap: 0.02 };

/** Whether measurements were level while the learning rate was still up. */
function isFlat(log: MetricLog, measured: readonly Evaluation[], questions: number): boolean {
  const rates = log.column("learningRate");
  const mostSteps = rates.findLastIndex((rate) => rate >= activeRateShare * rates[0]!) + 1;
  const evaluations = measured.filter(({ step }) => step <= mostSteps);
  return mostSteps >= fewestFlatSteps && areLevel(evaluations, questions);
}

/** Whether nothing measured in the last third got beyond what was there before. */
function areLevel(evaluations: readonly Evaluation[], questions: number): boolean {
  if (evaluations.length < fewestFlatEvaluations) return false;
  const third = Math.floor(evaluations.length / 3);
  const values = (name: "knn" | "cosine" | "overlap", from: number, to?: number): readonly number[] =>
    evaluations.slice(from, to).flatMap((evaluation) => evaluation[name] ?? []);
  const isUnbeaten = (name: "cosine" | "overlap"): boolean =>
    Math.max(...values(name, -third)) <= Math.max(...values(name, 0, -third)) + flatRise[name];
  const accuracies = { recent: values("knn", -third), former: values("knn", -2 * third, -third) };
  const isComparable = accuracies.recent.length > 0 || values("cosine", 0).length > 0;
  return (
    isComparable &&
    isUnbeaten("cosine") &&
    isUnbeaten("overlap") &&
    (accuracies.recent.length === 0 ||
      accuracies.former.length === 0 ||
      meanOf(accuracies.recent) <=
        meanOf(accuracies.former) + standardError(meanOf(accuracies.recent), questions))
  );
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function gapClosed({ knn, overlap, cosine }: Measured, baseline: EvaluationBaseline | null, config: Config) {
  const share = (move: Move | null, goal: number | null): number | null =>
    move === null || goal === null || goal <= move.from ? null : (move.to - move.from) / (goal - move.from);
  if (!methods[config.method].usesTeacher) return null;
  return share(knn, baseline?.teacherKnn ?? null) ?? share(overlap, 1) ?? share(cosine, 1);
}
