import type { Setting } from "../../contract/config.ts";

/** A value as a person reads it: "0.03", "1024 keys", "SGD with momentum". */
export function formatSetting(setting: Setting, value: number | string): string {
  if (setting.kind === "choice") return setting.options[String(value)] ?? String(value);
  const number = Number(value);
  const meaning = setting.meanings?.[number];
  if (meaning !== undefined) return meaning;
  const shown = String(Number.isInteger(number) ? number : Number(number.toPrecision(4)));
  if (setting.unit === undefined) return shown;
  return setting.unit.startsWith("/") ? `${shown}${setting.unit}` : `${shown} ${setting.unit}`;
}
