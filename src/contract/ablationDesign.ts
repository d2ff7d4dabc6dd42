import {
  defaultConfig,
  parseConfigPatch,
  settings,
  usualRates,
  type Config,
  type ConfigPatch,
  type Setting,
} from "./config.ts";
import { methods, methodUses, type MethodName } from "./methods.ts";

/** What an ablation varies and repeats: a value, small enough for a link. */
export interface AblationDesign {
  readonly axis: AblationAxis;
  /** Distinct; numbers, or names of the axis' options. */
  readonly values: readonly AblationValue[];
  readonly seeds: readonly number[];
  /** Length of every run. */
  readonly steps: number;
  /** Whether every seed is trained without a teacher as well: the line to beat. */
  readonly withTeacherless: boolean;
  /** Whether a run that is clearly worse than all others at half its length is ended there. */
  readonly stopsHopeless: boolean;
}

export type AblationValue = number | string;

/** Axes that are a setting each: its kind, range and names are the axis'. */
type SettingAxis =
  | "hiddenWidth"
  | "embeddingDim"
  | "studentWidth"
  | "student"
  | "method"
  | "distillWeight"
  | "temperature"
  | "queueSize"
  | "optimiser"
  | "teacherBatchNorm";
export type AblationAxis = SettingAxis | "lossParts";

interface AxisFacts {
  /** What varying it answers. */
  readonly question: string;
  /** Values to begin with. */
  readonly usual: readonly AblationValue[];
  /** What goes along with a value, or must be known to read the result; "" for nothing. */
  readonly note: string;
  /**
   * Whether distillation losses of different values are comparable: not where the values set other targets, nor where
   * a value has no such loss.
   */
  readonly comparesLoss: boolean;
}

/** Everything that can be varied, in the order it is offered in. */
export const ablationAxes: Readonly<Record<AblationAxis, AxisFacts>> = {
  hiddenWidth: {
    question: "How wide must the head be?",
    usual: [8, 16, 32, 64, 128, 256],
    note: "",
    comparesLoss: true,
  },
  embeddingDim: {
    question: "How many dimensions must the embedding have?",
    usual: [16, 32, 64, 128],
    note: "The teacher's embedding is projected to as many dimensions, so each value has another target: losses do not compare, accuracies do.",
    comparesLoss: false,
  },
  studentWidth: {
    question: "How wide must the student be?",
    usual: [4, 8, 16],
    note: "A step's cost grows with the square of the width; every run takes as many steps, not as much time.",
    comparesLoss: true,
  },
  student: {
    question: "Which architecture learns most?",
    usual: ["resnet9", "resnet18", "mobilenetV3Small"],
    note: "Every run takes as many steps, not as much time.",
    comparesLoss: true,
  },
  method: {
    question: "Which method learns most?",
    usual: ["mocov2", "distillOnly", "seed", "disco"],
    note: "All other settings are held, which suits some methods better than others; those without a teacher run without it. Methods have losses of their own, so accuracies alone compare.",
    comparesLoss: false,
  },
  lossParts: {
    question: "Does it take both losses?",
    usual: ["both", "distillation", "contrast"],
    note: "The other part's weight is 0; a weight of 0 that is set is replaced by the default for “both”.",
    comparesLoss: true,
  },
  distillWeight: {
    question: "How much should the teacher count?",
    usual: [0, 1, 4, 16, 64],
    note: "The loss that is compared is the one before its weight.",
    comparesLoss: true,
  },
  temperature: {
    question: "How hard should it look at the nearest negatives?",
    usual: [0.05, 0.1, 0.2, 0.4],
    note: "",
    comparesLoss: true,
  },
  queueSize: {
    question: "How many negatives does it need?",
    usual: [64, 256, 1024, 4096],
    note: "",
    comparesLoss: true,
  },
  optimiser: {
    question: "Which optimiser learns faster?",
    usual: ["sgd", "muon"],
    note: `Where the learning rate is the one usual for its optimiser (${usualRates.sgd} for SGD, ${usualRates.muon} for Muon), each optimiser takes its own; any other rate is held.`,
    comparesLoss: true,
  },
  teacherBatchNorm: {
    question: "Which statistics should the teacher use?",
    usual: ["eval", "train"],
    note: "Each value makes the teacher another target: losses do not compare, accuracies do.",
    comparesLoss: false,
  },
};

export const ablationAxisNames = Object.keys(ablationAxes) as readonly AblationAxis[];

/** Which part of DisCo's loss is kept. */
const lossParts = {
  both: "both losses",
  distillation: "distillation alone",
  contrast: "contrast alone",
} as const;

/** So that a design stays something a person can wait for. */
const mostAblationValues = 24;

export function axisLabel(axis: AblationAxis): string {
  return axis === "lossParts" ? "Loss parts" : settings[axis].label;
}

/** Names and what a person reads, of an axis of categories; null of one of numbers. */
export function axisOptions(axis: AblationAxis): Readonly<Record<string, string>> | null {
  if (axis === "lossParts") return lossParts;
  const setting: Setting = settings[axis];
  return setting.kind === "choice" ? setting.options : null;
}

/** A value as a person reads it in a sentence or a table: "64", "0 (a single linear layer)", "SEED". */
export function valueLabel(axis: AblationAxis, value: AblationValue): string {
  const options = axisOptions(axis);
  if (options !== null) return options[String(value)] ?? String(value);
  const setting: Setting = settings[axis as SettingAxis];
  const meaning = setting.kind === "number" ? setting.meanings?.[Number(value)] : undefined;
  return meaning === undefined ? String(value) : `${value} (${meaning})`;
}

/** The same below a figure, where there is less room: without what is said in brackets. */
export function valueTick(axis: AblationAxis, value: AblationValue): string {
  return axisOptions(axis) === null ? String(value) : valueLabel(axis, value).replace(/ \(.*\)$/, "");
}

/** How the axis is drawn: categories in the order given, numbers by size. */
export function axisScale(axis: AblationAxis): "named" | "log" | "linear" {
  if (axisOptions(axis) !== null) return "named";
  const setting: Setting = settings[axis as SettingAxis];
  return setting.kind === "number" && setting.scale === "log" ? "log" : "linear";
}

/** The design's values as figure and table have them: numbers rising, names as given. */
export function orderedValues({ axis, values }: AblationDesign): readonly AblationValue[] {
  return axisScale(axis) === "named" ? values : [...values].sort((a, b) => Number(a) - Number(b));
}

/** Outside data as a value of the axis. */
export function parseAxisValue(
  axis: AblationAxis,
  given: unknown,
): { readonly value: AblationValue } | { readonly problem: string } {
  if (axis === "lossParts") {
    if (typeof given === "string" && Object.hasOwn(lossParts, given)) return { value: given };
    return { problem: `is none of ${Object.keys(lossParts).join(", ")}` };
  }
  const { patch, problems } = parseConfigPatch({ [axis]: given });
  const value = patch[axis];
  return value === undefined ? { problem: problems[0]?.message ?? "is no value" } : { value };
}

/** Some values of an axis, or of a setting that is a number, from what was typed or given; each counts once. */
export function parseAxisValues(
  axis: AblationAxis | "seed" | "steps",
  parts: readonly unknown[],
): { readonly values: readonly AblationValue[] } | { readonly problem: string } {
  if (parts.length === 0) return { problem: "give at least one value" };
  if (parts.length > mostAblationValues)
    return { problem: `${parts.length} values, at most ${mostAblationValues}` };
  const values: AblationValue[] = [];
  for (const part of parts) {
    const parsed = axis === "seed" || axis === "steps" ? parseNumber(axis, part) : parseAxisValue(axis, part);
    if ("problem" in parsed) return parsed;
    if (!values.includes(parsed.value)) values.push(parsed.value);
  }
  return { values };
}

function parseNumber(
  name: "seed" | "steps",
  given: unknown,
): { readonly value: number } | { readonly problem: string } {
  const { patch, problems } = parseConfigPatch({ [name]: given });
  const value = patch[name];
  if (value === undefined) return { problem: problems[0]?.message ?? "is no number" };
  return name === "steps" && value === 0 ? { problem: "0 is outside 1 … 1000000" } : { value };
}

/**
 * What one value changes against the configuration that all runs share. Everything else is held, but for what cannot
 * be: the axis' `note` says it.
 */
export function ablationPatch(axis: AblationAxis, value: AblationValue, base: Config): ConfigPatch {
  switch (axis) {
    case "lossParts": {
      const method: MethodName = hasBothLosses(base.method) ? base.method : "disco";
      const teacher = base.teacher === "none" ? "bundled" : base.teacher;
      const distillWeight = value === "contrast" ? 0 : base.distillWeight || defaultConfig.distillWeight;
      const contrastiveWeight =
        value === "distillation" ? 0 : base.contrastiveWeight || defaultConfig.contrastiveWeight;
      return { method, teacher, distillWeight, contrastiveWeight };
    }
    case "method": {
      const method = value as MethodName;
      if (!methods[method].usesTeacher) return { method, teacher: "none" };
      return { method, teacher: base.teacher === "none" ? "bundled" : base.teacher };
    }
    case "optimiser": {
      const optimiser = value as Config["optimiser"];
      const isUsual = base.learningRate === usualRates[base.optimiser];
      return { optimiser, ...(isUsual ? { learningRate: usualRates[optimiser] } : {}) };
    }
    default:
      return { [axis]: value };
  }
}

function hasBothLosses(method: MethodName): boolean {
  return methodUses(method, "distillWeight") && methodUses(method, "contrastiveWeight");
}

/** Why all values would be the same run; null where they differ. */
export function whyNoDifference(axis: AblationAxis, { method }: Config): string | null {
  const { label, usesTeacher } = methods[method];
  if (axis === "teacherBatchNorm" && !usesTeacher) return `${label} has no teacher to vary.`;
  if (methodUses(method, axis)) return null;
  return `${label} does not use “${axisLabel(axis)}”: all values would give the same run. Choose another method under Train.`;
}
