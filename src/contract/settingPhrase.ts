import { settings, type Setting, type SettingName } from "./config.ts";

/**
 * A setting and its value as one phrase, to stand in a list or a sentence: "batch 64", "method DisCo", "evaluated only at
 * the start and the end".
 */
export function settingPhrase(name: SettingName, value: number | string): string {
  const setting: Setting = settings[name];
  const option = setting.kind === "choice" ? setting.options[String(value)] : undefined;
  return setting.phrases?.[value] ?? `${lowerFirst(setting.label)} ${option ?? readNumber(value)}`;
}

/** Without the digits that only a computer's fractions have: 0.6667 for 2/3. */
function readNumber(value: number | string): string {
  return typeof value === "number" && !Number.isInteger(value)
    ? String(Number(value.toPrecision(4)))
    : String(value);
}

/** "kNN neighbours" and "BatchNorm groups" keep their capitals. */
function lowerFirst(label: string): string {
  const capitals = /^[A-Z][a-z]+(?![a-z]*[A-Z])/.test(label);
  return capitals ? label.charAt(0).toLowerCase() + label.slice(1) : label;
}
