import type { ConfigPatch } from "../src/contract/config.ts";
import { presets } from "../src/contract/presets.ts";
import type { VerdictKind } from "../src/page/verdict/verdict.ts";

/** A run to be recorded, and what a person says of it before any rule has seen it. */
export interface VerdictRun {
  readonly name: string;
  /** Rules are tuned on those of "tune" alone. */
  readonly set: "tune" | "held";
  /** A healthy run must never be warned of. */
  readonly healthy: boolean;
  /** Verdicts that are right at the end of its first fifth, and at its end. */
  readonly early: readonly VerdictKind[];
  readonly late: readonly VerdictKind[];
  readonly reason: string;
  readonly patch: ConfigPatch;
  /** Of the demo set; the standard one unless said. Without labels they are somebody's own. */
  readonly images?: { readonly count: number; readonly labelled: boolean };
  readonly stopAtStep?: number;
}

const learning: readonly VerdictKind[] = ["learning"];
const good: readonly VerdictKind[] = ["learnt", "saturated", "teacherTooFar"];

function healthy(
  name: string,
  set: VerdictRun["set"],
  patch: ConfigPatch,
  reason: string,
  more: Partial<VerdictRun> = {},
): VerdictRun {
  return { name, set, healthy: true, early: learning, late: good, reason, patch, ...more };
}

function broken(
  name: string,
  set: VerdictRun["set"],
  verdicts: readonly VerdictKind[],
  patch: ConfigPatch,
  reason: string,
  more: Partial<VerdictRun> = {},
): VerdictRun {
  return { name, set, healthy: false, early: verdicts, late: verdicts, reason, patch, ...more };
}

const alone = presets.alone.patch;
const own = (count: number) => ({ images: { count, labelled: false } });
const few = (count: number) => ({ images: { count, labelled: true } });
const tooHigh: readonly VerdictKind[] = ["rateTooHigh", "diverging"];
const tooLow: readonly VerdictKind[] = ["rateTooLow"];
const collapse: readonly VerdictKind[] = ["collapsing", "diverging"];
const nothing: readonly VerdictKind[] = ["nothingLearnt"];
const narrow: readonly VerdictKind[] = ["headTooNarrow"];
const small: readonly VerdictKind[] = ["setTooSmall"];

export const verdictRuns: readonly VerdictRun[] = [
  healthy("default-1", "tune", { seed: 1 }, "the defaults"),
  healthy("default-2", "tune", { seed: 2 }, "the defaults"),
  healthy("default-3", "held", { seed: 3, steps: 120 }, "the defaults"),
  healthy("default-4", "held", { seed: 4 }, "the defaults"),
  healthy("sgd-slow", "tune", { optimiser: "sgd", learningRate: 0.004 }, "the rate its help text names"),
  healthy("sgd-published", "held", { optimiser: "sgd", learningRate: 0.03 }, "the paper's rate"),
  healthy("muon-0.02", "tune", { learningRate: 0.02 }, "a cautious rate"),
  healthy("muon-0.1", "held", { learningRate: 0.1, seed: 6 }, "a bold rate"),
  healthy("paper", "tune", { ...presets.paper.patch, steps: 60 }, "the preset"),
  healthy("alone-1", "tune", { ...alone, seed: 1 }, "the preset"),
  healthy("alone-2", "held", { ...alone, seed: 2, steps: 120 }, "the preset"),
  healthy("photos-400", "tune", { data: "own" }, "400 pictures without labels", own(400)),
  healthy("photos-300", "held", { data: "own", seed: 7 }, "300 pictures without labels", own(300)),
  healthy("photos-alone", "held", { ...alone, data: "own" }, "400 pictures, no labels, no teacher", own(400)),
  healthy("distillOnly", "tune", { method: "distillOnly" }, "a method that works"),
  healthy("seed", "tune", { method: "seed" }, "a method that works"),
  healthy("compress", "held", { method: "compress", temperature: 0.04 }, "a method that works"),
  healthy("simReg", "tune", { method: "simReg" }, "a method that works"),
  healthy("rkd", "held", { method: "rkd" }, "a method that works"),
  healthy("coss", "tune", { method: "coss" }, "a method that works"),
  healthy("doGo", "held", { method: "doGo", temperature: 0.5, distillWeight: 100 }, "a method that works"),
  healthy("bingo", "held", { method: "bingo" }, "a method that works"),
  healthy("simclr", "tune", { method: "simclr", teacher: "none", temperature: 0.5 }, "a method that works"),
  healthy("resnet18", "tune", { student: "resnet18", steps: 60 }, "a published student"),
  healthy("resnet18-b", "held", { student: "resnet18", steps: 60, seed: 9 }, "a published student"),
  healthy("width-16", "held", { studentWidth: 16, steps: 60 }, "a wider student"),
  healthy("head-128", "held", { hiddenWidth: 128, seed: 8 }, "a head half as wide is wide enough"),
  healthy("long", "tune", { steps: 300, evaluateEvery: 25 }, "to its end at full length"),
  healthy(
    "long-constant",
    "tune",
    { steps: 240, evaluateEvery: 20, schedule: "constant", data: "own" },
    "300 pictures, seen 32 times each",
    few(300),
  ),
  healthy("stopped-1", "tune", {}, "stopped half-way by its visitor", { late: ["stopped"], stopAtStep: 40 }),
  healthy("stopped-2", "held", { ...alone, seed: 3 }, "stopped half-way by its visitor", {
    late: ["stopped"],
    stopAtStep: 40,
  }),

  broken("muon-10", "tune", tooHigh, { learningRate: 10 }, "200 times the usual rate"),
  broken("muon-3", "held", tooHigh, { learningRate: 3, seed: 2 }, "60 times the usual rate"),
  broken("sgd-10", "tune", tooHigh, { optimiser: "sgd", learningRate: 10 }, "300 times the published rate"),
  broken(
    "sgd-3",
    "held",
    tooHigh,
    { optimiser: "sgd", learningRate: 3, seed: 3 },
    "100 times the published rate",
  ),
  broken("sgd-1", "tune", tooHigh, { optimiser: "sgd", learningRate: 1 }, "33 times the published rate"),
  broken("alone-10", "tune", tooHigh, { ...alone, learningRate: 10 }, "200 times the usual rate"),
  broken(
    "photos-10",
    "held",
    tooHigh,
    { data: "own", learningRate: 10 },
    "200 times the usual rate",
    own(400),
  ),
  broken("muon-1e-5", "tune", tooLow, { learningRate: 1e-5 }, "a 5000th of the usual rate"),
  broken(
    "sgd-1e-5",
    "held",
    tooLow,
    { optimiser: "sgd", learningRate: 1e-5, seed: 2 },
    "a 3000th of the published rate",
  ),
  broken("alone-1e-5", "tune", tooLow, { ...alone, learningRate: 1e-5 }, "a 5000th of the usual rate"),
  broken(
    "photos-1e-5",
    "held",
    tooLow,
    { data: "own", learningRate: 1e-5 },
    "a 5000th of the usual rate",
    own(400),
  ),
  broken("rate-0", "tune", tooLow, { learningRate: 0 }, "no steps at all"),
  broken("weights-0", "tune", nothing, { distillWeight: 0, contrastiveWeight: 0 }, "there is no loss"),
  broken("weight-0", "held", nothing, { method: "distillOnly", distillWeight: 0 }, "there is no loss"),
  broken(
    "decay",
    "tune",
    collapse,
    { optimiser: "sgd", learningRate: 0.2, weightDecay: 1 },
    "every weight decays to nothing",
  ),
  broken(
    "decay-alone",
    "held",
    collapse,
    { ...alone, optimiser: "sgd", learningRate: 0.2, weightDecay: 1 },
    "every weight decays to nothing",
  ),
  broken("contrast-0", "held", nothing, { ...alone, contrastiveWeight: 0 }, "there is no loss"),
  broken(
    "warm",
    "tune",
    ["nothingLearnt", "collapsing"],
    { ...alone, temperature: 2 },
    "similarities are all but ignored",
  ),
  broken(
    "warm-simclr",
    "held",
    ["nothingLearnt", "collapsing"],
    { method: "simclr", teacher: "none", temperature: 2 },
    "similarities are all but ignored",
  ),
  broken(
    "cold",
    "tune",
    ["nothingLearnt", "collapsing"],
    { ...alone, temperature: 0.01 },
    "only the nearest negative counts",
  ),
  broken("head-2", "tune", narrow, { hiddenWidth: 2 }, "two numbers cannot carry the teacher's 128"),
  broken(
    "head-4",
    "held",
    narrow,
    { hiddenWidth: 4, seed: 2 },
    "four numbers cannot carry the teacher's 128",
  ),
  broken("head-8", "tune", narrow, { hiddenWidth: 8 }, "the paper's bottleneck"),
  broken(
    "head-8-distil",
    "held",
    narrow,
    { hiddenWidth: 8, method: "distillOnly" },
    "the paper's bottleneck",
  ),
  broken("tiny-40", "tune", small, { data: "own" }, "32 pictures to train on", few(40)),
  broken("tiny-60", "held", small, { data: "own", seed: 2 }, "48 pictures to train on", few(60)),
  broken("tiny-100", "tune", small, { data: "own" }, "80 pictures to train on", few(100)),
  broken("tiny-80-own", "held", small, { data: "own" }, "64 pictures to train on", own(80)),
  broken("no-teacher", "tune", ["failed"], { teacher: "none" }, "DisCo without a teacher"),
  broken(
    "no-teacher-seed",
    "held",
    ["failed"],
    { method: "seed", teacher: "none" },
    "SEED without a teacher",
  ),
];
