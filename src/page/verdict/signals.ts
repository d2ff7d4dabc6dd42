import { usualRates, type Config } from "../../contract/config.ts";
import { methods, methodUses } from "../../contract/methods.ts";
import type { Evaluation, EvaluationBaseline } from "../../contract/metrics.ts";
import type { RunEnd, RunPlan } from "../../contract/protocol.ts";
import type { MetricLog } from "../metrics/metricLog.ts";
import type { VerdictFacts } from "./verdict.ts";

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
  /** Standard error of a kNN accuracy at chance. */
  readonly knnError: number;
  /** The learning rate as a multiple of what is usual with this optimiser and these weights. */
  readonly rateRatio: number;
  readonly usualRate: number;
  /** Enough steps that doing nothing would show. */
  readonly isTelling: boolean;
  /** Something moved as it does when a student learns. */
  readonly hasLearnt: boolean;
  /** The measurements have stopped moving, and not because the run is young. */
  readonly isFlat: boolean;
  readonly contrastiveRises: boolean;
  /** Of the way from the untrained student to the teacher, by kNN, else overlap, else cosine. */
  readonly gapClosed: number | null;
}

/** Fewer steps than this tell nothing. */
const fewestTellingSteps = 10;

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
    distillation: trainingMove(log, "distillation"),
    cosine: move("cosine"),
    knn: move("knn", baseline?.untrainedKnn),
    overlap: move("overlap", baseline?.untrainedOverlap),
    spread: move("spread"),
    effectiveRank: move("effectiveRank"),
  };
  const knnError = standardError(baseline);
  const { contrastive } = measured;
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
    knnError,
    usualRate,
    rateRatio: config.learningRate / usualRate,
    isTelling: steps >= fewestTellingSteps,
    hasLearnt: hasLearnt(measured, knnError),
    isFlat: isFlat(evaluations, knnError, steps),
    contrastiveRises:
      methodUses(config.method, "queueSize") &&
      contrastive !== null &&
      contrastive.to > 1.15 * contrastive.from,
    gapClosed: gapClosed(measured, baseline, config),
  };
}

/** A good learning rate for a configuration: SGD's depends on how strong the distillation is. */
function usualRateOf({ optimiser, method, distillWeight }: Config): number {
  const isStronglyDistilled = methodUses(method, "distillWeight") && distillWeight > 4;
  return optimiser === "sgd" && isStronglyDistilled ? 0.004 : usualRates[optimiser];
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

function standardError(baseline: EvaluationBaseline | null): number {
  if (baseline === null || baseline.chance === null || baseline.queryImages === 0) return 1;
  return Math.sqrt((baseline.chance * (1 - baseline.chance)) / baseline.queryImages);
}

type Measured = Pick<
  Signals,
  "trainCosine" | "loss" | "contrastive" | "distillation" | "cosine" | "knn" | "overlap" | "spread"
>;

/** Any one of these is beyond what an idle student's numbers do. */
function hasLearnt(measured: Measured, knnError: number): boolean {
  const { trainCosine, distillation, cosine, knn, overlap, contrastive, loss } = measured;
  const rise = (move: Move | null): number => (move === null ? 0 : move.to - move.from);
  const fall = (move: Move | null): number => (move === null ? 0 : 1 - move.to / move.from);
  return (
    rise(cosine) > 0.05 ||
    rise(trainCosine) > 0.06 ||
    fall(distillation) > 0.04 ||
    rise(knn) > 2.5 * knnError ||
    rise(overlap) > 0.05 ||
    (contrastive === null && fall(loss) > 0.04)
  );
}

/** Evaluations from which on flatness is looked for, and the steps below which none is. */
const flatEvaluations = 3;
const fewestFlatSteps = 100;

function isFlat(evaluations: readonly Evaluation[], knnError: number, steps: number): boolean {
  if (evaluations.length <= flatEvaluations || steps < fewestFlatSteps) return false;
  const last = evaluations.slice(-flatEvaluations - 1);
  const range = (values: readonly (number | null)[]): number => {
    const known = values.filter((value) => value !== null);
    return known.length === 0 ? 0 : Math.max(...known) - Math.min(...known);
  };
  const comparable = last.some(({ knn, cosine }) => knn !== null || cosine !== null);
  return (
    comparable &&
    range(last.map(({ knn }) => knn)) <= knnError &&
    range(last.map(({ cosine }) => cosine)) < 0.01 &&
    range(last.map(({ overlap }) => overlap)) < 0.02
  );
}

function gapClosed({ knn, overlap, cosine }: Measured, baseline: EvaluationBaseline | null, config: Config) {
  const share = (move: Move | null, goal: number | null): number | null =>
    move === null || goal === null || goal <= move.from ? null : (move.to - move.from) / (goal - move.from);
  if (!methods[config.method].usesTeacher) return null;
  return share(knn, baseline?.teacherKnn ?? null) ?? share(overlap, 1) ?? share(cosine, 1);
}
