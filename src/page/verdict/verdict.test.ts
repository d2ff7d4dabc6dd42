import { describe, expect, test } from "vitest";
import { defaultConfig, type ConfigPatch } from "../../contract/config.ts";
import type { Evaluation, EvaluationBaseline } from "../../contract/metrics.ts";
import type { RunEnd, RunPlan } from "../../contract/protocol.ts";
import { createMetricLog } from "../metrics/metricLog.ts";
import { judgeRun, type Verdict, type VerdictFacts } from "./verdict.ts";

interface Script {
  readonly patch?: ConfigPatch;
  readonly steps: number;
  /** By step, from 1. */
  readonly cosine?: (step: number) => number;
  readonly contrastive?: (step: number) => number;
  /** The learning rate. */
  readonly rate?: (step: number) => number;
  readonly evaluations?: readonly Partial<Evaluation>[];
  readonly baseline?: Partial<EvaluationBaseline>;
  readonly end?: RunEnd;
  readonly trainImages?: number;
}

const unmeasured: Evaluation = {
  step: 0,
  knn: null,
  cosine: null,
  spread: 0.5,
  overlap: null,
  effectiveRank: null,
  prefixes: null,
};
const labelled: EvaluationBaseline = {
  teacherKnn: null,
  untrainedKnn: 0.15,
  teacherPrefixes: null,
  untrainedOverlap: null,
  chance: 0.125,
  neighbours: 20,
  temperature: 0.07,
  bankImages: 480,
  queryImages: 120,
};

function facts({ patch = {}, steps, evaluations, baseline, end, trainImages, ...curves }: Script) {
  const { cosine, contrastive, rate } = curves;
  const config = { ...defaultConfig, ...patch };
  const log = createMetricLog();
  for (let step = 1; step <= steps; step++) {
    const likeness = cosine?.(step) ?? 0;
    const rise = contrastive?.(step) ?? 3;
    log.append(
      new Float32Array([
        step,
        16 * 4 * (1 - likeness) + rise,
        rise,
        4 * (1 - likeness),
        likeness,
        rate?.(step) ?? 0.05,
        900,
        step,
      ]),
    );
  }
  const plan: RunPlan = {
    runId: "scripted",
    config,
    totalSteps: config.steps,
    stepsPerEpoch: 60,
    trainImages: trainImages ?? 1920,
    heldOutImages: 480,
    queueSize: 1024,
    embeddingDim: 128,
    projection: "",
    matching: "",
    studentParameters: 1e5,
    headParameters: 6e4,
  };
  return {
    config,
    plan: steps === 0 ? null : plan,
    end: end ?? null,
    log,
    evaluations: (evaluations ?? []).map((some) => ({ ...unmeasured, ...some })),
    baseline: baseline === undefined ? null : { ...labelled, ...baseline },
  } satisfies VerdictFacts;
}

const judge = (script: Script): Verdict => judgeRun(facts(script));
const rising = (step: number): number => 0.5 * (1 - Math.exp(-step / 60));
const idle = (step: number): number => 0.01 * Math.sin(step);

describe("a run that goes well", () => {
  test("has nothing to say of itself before its first steps", () => {
    expect(judge({ steps: 0 })).toMatchObject({ kind: "waiting", tone: "neutral" });
    expect(judge({ steps: 3, cosine: rising }).kind).toBe("waiting");
  });

  test("is told by its losses before anything was measured", () => {
    const verdict = judge({ steps: 20, cosine: rising });
    expect(verdict).toMatchObject({ kind: "learning", tone: "good" });
    expect(verdict.evidence).toContain("the likeness to the teacher went from");
  });

  test("is told by accuracy where there are labels, with the teacher's once it is known", () => {
    const evaluations = [
      { step: 0, knn: 0.15 },
      { step: 50, knn: 0.54 },
    ];
    const baseline = { teacherKnn: 0.94 };
    expect(judge({ steps: 60, cosine: rising, evaluations, baseline: {} }).evidence).toBe(
      "It sorts 54 % of pictures it never saw correctly (15 % before training, 13 % by guessing).",
    );
    expect(judge({ steps: 60, cosine: rising, evaluations, baseline }).evidence).toContain(
      "the teacher 94 %",
    );
  });

  test("is told by neighbours where there are no labels", () => {
    const baseline = { untrainedKnn: null, chance: null, untrainedOverlap: 0.1 };
    const evaluations = [
      { step: 0, overlap: 0.1, cosine: 0 },
      { step: 50, overlap: 0.58, cosine: 0.4 },
    ];
    expect(judge({ steps: 60, cosine: rising, evaluations, baseline }).evidence).toBe(
      "Of pictures it never saw, 6 of the 10 nearest are the teacher's (1 before).",
    );
  });

  test("is told by what else was measured too, and by what can be seen at its size", () => {
    const evaluations = [
      { step: 0, knn: 0.15, cosine: 0.02, overlap: 0.1, effectiveRank: 3.2 },
      { step: 50, knn: 0.54, cosine: 0.41, overlap: 0.58, effectiveRank: 21.4 },
    ];
    const { also } = judge({ steps: 60, cosine: rising, evaluations, baseline: { untrainedOverlap: 0.1 } });
    expect(also).toBe(
      "Of pictures it never saw, 6 of the 10 nearest are the teacher's (1 before). " +
        "Likeness to the teacher on pictures it never saw: 0.41 (0.02 before, 1 is equal). " +
        "Its embeddings use about 21 of 128 dimensions (3 before). " +
        "At 32 px networks see colour and shape: trust those, not detail.",
    );
    const unlabelled = judge({
      steps: 60,
      cosine: rising,
      evaluations: evaluations.map((one) => ({ ...one, knn: null })),
      baseline: { untrainedKnn: null, chance: null, untrainedOverlap: 0.1 },
      patch: { imageSize: 96 },
    });
    expect(unlabelled.also).not.toContain("nearest"); // the evidence has said it
    expect(unlabelled.also).not.toContain("px");
    expect(judge({ steps: 60, cosine: rising }).also).toBe("");
  });

  test("is not blamed for a contrastive loss that rises at first", () => {
    const verdict = judge({ steps: 20, cosine: rising, contrastive: (step) => 3 + Math.min(3, step / 5) });
    expect(verdict.tone).toBe("good");
    expect(verdict.advice).toContain("rises at first");
  });

  test("is summed up at its end", () => {
    const evaluations = [
      { step: 0, knn: 0.15 },
      { step: 300, knn: 0.85 },
    ];
    const script = { steps: 300, cosine: rising, evaluations, baseline: { teacherKnn: 0.94 } };
    expect(judge({ ...script, end: { kind: "finished" } })).toMatchObject({ kind: "learnt", tone: "good" });
    expect(judge({ ...script, steps: 100, end: { kind: "stopped" } }).kind).toBe("stopped");
  });

  test("is not told to train for longer once it has levelled off, also where its rate ran out or it was stopped", () => {
    const measured = (knns: readonly number[], end: RunEnd) =>
      judge({
        steps: 300,
        patch: { steps: 900 },
        cosine: rising,
        rate: (step) => 0.05 * 0.98 ** step,
        baseline: { teacherKnn: 0.94 },
        evaluations: knns.map((knn, i) => ({ step: 50 * i, knn, cosine: knn / 2 })),
        end,
      });
    const rises = [0.15, 0.5, 0.6, 0.7, 0.75, 0.85, 0.9];
    const levels = [0.15, 0.5, 0.8, 0.88, 0.89, 0.89, 0.89];
    expect(measured(rises, { kind: "finished" })).toMatchObject({ kind: "learnt", change: { steps: 1800 } });
    expect(measured(rises, { kind: "stopped" }).advice).toMatch(/^Let it run to the end/);
    for (const kind of ["finished", "stopped"] as const) {
      const { advice, change } = measured(levels, { kind });
      expect(advice).toMatch(/levelled off, so more steps would add little/);
      expect(change).toEqual({ studentWidth: 16 });
    }
  });
});

describe("a run that goes wrong", () => {
  test("by a loss that is no number", () => {
    const end: RunEnd = { kind: "diverged", step: 7, message: "no number", hint: "" };
    const verdict = judge({ steps: 7, end, patch: { optimiser: "sgd", learningRate: 0.03 } });
    expect(verdict).toMatchObject({ kind: "diverging", tone: "bad", change: { learningRate: 0.004 } });
    expect(judge({ steps: 9, cosine: (step) => (step < 8 ? 0 : NaN) }).evidence).toContain("step 8");
  });

  test("by a learning rate out of all measure", () => {
    const high = judge({ steps: 20, cosine: idle, patch: { learningRate: 10 } });
    expect(high).toMatchObject({ kind: "rateTooHigh", change: { learningRate: 0.05 } });
    const low = judge({ steps: 20, cosine: idle, patch: { learningRate: 1e-5 } });
    expect(low).toMatchObject({ kind: "rateTooLow", change: { learningRate: 0.05 } });
  });

  test("by embeddings that are all the same", () => {
    const evaluations = [
      { step: 0, spread: 0.4 },
      { step: 50, spread: 0.01 },
    ];
    expect(judge({ steps: 60, cosine: idle, evaluations }).kind).toBe("collapsing");
  });

  test("by a standstill, and with labels by less than guessing", () => {
    expect(judge({ steps: 60, cosine: idle, patch: { distillWeight: 0 } })).toMatchObject({
      kind: "nothingLearnt",
      change: { distillWeight: 16 },
    });
    const evaluations = [
      { step: 0, knn: 0.15 },
      { step: 50, knn: 0.02 },
    ];
    expect(judge({ steps: 60, cosine: rising, evaluations, baseline: {} }).kind).toBe("belowChance");
  });

  test("by a set or a head that is too small", () => {
    expect(judge({ steps: 20, cosine: rising, trainImages: 40 }).kind).toBe("setTooSmall");
    expect(judge({ steps: 20, cosine: rising, patch: { hiddenWidth: 4 } }).kind).toBe("headTooNarrow");
  });

  test("by never beginning", () => {
    const error = { code: "config-invalid", message: "DisCo needs a teacher", hint: "Choose one." } as const;
    expect(judge({ steps: 0, end: { kind: "failed", error } })).toMatchObject({
      kind: "failed",
      tone: "bad",
      evidence: error.message,
      advice: error.hint,
    });
  });
});
