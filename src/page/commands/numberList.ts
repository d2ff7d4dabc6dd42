import type { SettingName } from "../../contract/config.ts";
import { parseConfigPatch } from "../../contract/config.ts";

const mostNumbers = 24;

/** "64, 128 256" as distinct values of a setting, or what is wrong with it. */
export function parseNumberList(
  text: string,
  name: SettingName,
): { readonly values: readonly number[] } | { readonly problem: string } {
  const parts = text.split(/[\s,;]+/).filter((part) => part !== "");
  if (parts.length === 0) return { problem: "give at least one number" };
  if (parts.length > mostNumbers) return { problem: `${parts.length} numbers, at most ${mostNumbers}` };
  const values: number[] = [];
  for (const part of parts) {
    const { patch, problems } = parseConfigPatch({ [name]: part });
    const value = patch[name];
    if (typeof value !== "number") return { problem: problems[0]?.message ?? `${part} is not a number` };
    if (!values.includes(value)) values.push(value);
  }
  return { values };
}
