import {
  axisOptions,
  settingOfAxis,
  type AblationAxis,
  type AblationDesign,
  type AblationValue,
} from "./ablationDesign.ts";
import { defaultConfig, usualRates, type Config, type ConfigPatch } from "./config.ts";
import { methods, methodUses, type MethodName } from "./methods.ts";

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

/** What each axis asks and what must be known of it. */
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
  nestedDim: {
    question: "How many dimensions must the embedding have? All of them from one run",
    usual: [4, 8, 16, 32, 64, 128],
    note: "Each run trains every prefix of its embedding at once (Matryoshka representation learning), so a seed is one run. The accuracies are of the embedding cut to its first dimensions, not of the features below it, beside the first directions of the teacher's own (its PCA). It does not say how well a student trained for one length alone would do.",
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

export function axisLabel(axis: AblationAxis): string {
  if (axis === "nestedDim") return "Dimensions of a nested embedding";
  return settingOfAxis(axis)?.label ?? "Loss parts";
}

/** A value as a person reads it in a sentence or a table: "64", "0 (a single linear layer)", "SEED". */
export function valueLabel(axis: AblationAxis, value: AblationValue): string {
  const options = axisOptions(axis);
  if (options !== null) return options[String(value)] ?? String(value);
  const setting = settingOfAxis(axis);
  const meaning = setting?.kind === "number" ? setting.meanings?.[Number(value)] : undefined;
  return meaning === undefined ? String(value) : `${value} (${meaning})`;
}

/** The same below a figure, where there is less room: without what is said in brackets. */
export function valueTick(axis: AblationAxis, value: AblationValue): string {
  return axisOptions(axis) === null ? String(value) : valueLabel(axis, value).replace(/ \(.*\)$/, "");
}

/** How the axis is drawn: categories in the order given, numbers by size. */
export function axisScale(axis: AblationAxis): "named" | "log" | "linear" {
  if (axisOptions(axis) !== null) return "named";
  const setting = settingOfAxis(axis);
  return setting?.kind === "number" && setting.scale === "log" ? "log" : "linear";
}

/** The design's values as figure and table have them: numbers rising, names as given. */
export function orderedValues({ axis, values }: AblationDesign): readonly AblationValue[] {
  return axisScale(axis) === "named" ? values : [...values].sort((a, b) => Number(a) - Number(b));
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
    case "nestedDim":
      return { nested: "on", embeddingDim: Number(value) };
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
  if (axis === "nestedDim" && !methodUses(method, "nested"))
    return `${label} does not train prefixes of its embedding. Choose DisCo or MoCo-v2 under Train.`;
  if (methodUses(method, axis)) return null;
  return `${label} does not use “${axisLabel(axis)}”: all values would give the same run. Choose another method under Train.`;
}
