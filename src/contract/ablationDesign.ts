import { prefixDims } from "./prefixDims.ts";
import { parseConfigPatch, settings, type Setting } from "./config.ts";

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
/** `nestedDim`: prefixes of one embedding, all of them learnt in one run. */
export type AblationAxis = SettingAxis | "lossParts" | "nestedDim";

/** Everything that can be varied, in the order it is offered in. */
export const ablationAxisNames = [
  "hiddenWidth",
  "embeddingDim",
  "nestedDim",
  "studentWidth",
  "student",
  "method",
  "lossParts",
  "distillWeight",
  "temperature",
  "queueSize",
  "optimiser",
  "teacherBatchNorm",
] as const satisfies readonly AblationAxis[];

/** Which part of DisCo's loss is kept. */
const lossParts = {
  both: "both losses",
  distillation: "distillation alone",
  contrast: "contrast alone",
} as const;

/** So that a design stays something a person can wait for. */
const mostAblationValues = 24;

/** The setting that the axis' values are of; null where they are of several. */
export function settingOfAxis(axis: AblationAxis): Setting | null {
  return axis === "lossParts" ? null : settings[nameOfSetting(axis)];
}

function nameOfSetting(axis: Exclude<AblationAxis, "lossParts">): SettingAxis {
  return axis === "nestedDim" ? "embeddingDim" : axis;
}

/** Names and what a person reads, of an axis of categories; null of one of numbers. */
export function axisOptions(axis: AblationAxis): Readonly<Record<string, string>> | null {
  const setting = settingOfAxis(axis);
  if (setting === null) return lossParts;
  return setting.kind === "choice" ? setting.options : null;
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
  const name = nameOfSetting(axis);
  const { patch, problems } = parseConfigPatch({ [name]: given });
  const value = patch[name];
  if (
    axis === "nestedDim" &&
    value !== undefined &&
    !prefixDims(settings.embeddingDim.max).includes(Number(value))
  )
    return { problem: `${value} is no power of two from 4 to ${settings.embeddingDim.max}` };
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
