import { parseAxisValues, type AblationAxis, type AblationValue } from "../../contract/ablationDesign.ts";

/** "64, 128 256" as distinct values of an axis, or what is wrong with it. */
export function parseValueList(
  text: string,
  axis: AblationAxis,
): { readonly values: readonly AblationValue[] } | { readonly problem: string } {
  return parseAxisValues(axis, partsOf(text));
}

/** The same of seeds, or of a number of steps. */
export function parseNumberList(
  text: string,
  name: "seed" | "steps",
): { readonly values: readonly number[] } | { readonly problem: string } {
  const parsed = parseAxisValues(name, partsOf(text));
  return "problem" in parsed ? parsed : { values: parsed.values.map(Number) };
}

function partsOf(text: string): readonly string[] {
  return text.split(/[\s,;]+/).filter((part) => part !== "");
}
