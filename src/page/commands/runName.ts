import type { Config, ConfigPatch, Setting } from "../../contract/config.ts";
import { configDifference, settingNames, settings } from "../../contract/config.ts";

const mostNamed = 4;

/** What a person calls a run: what it changes against the defaults, "batch 64 · learning rate 0.1 · seed 3". */
export function runName(config: Config): string {
  const difference = configDifference(config);
  const parts = namesInPatch(difference);
  if (parts.length === 0) return "defaults";
  if (parts.length <= mostNamed) return parts.join(" · ");
  return `${parts.slice(0, mostNamed - 1).join(" · ")} · ${parts.length - mostNamed + 1} more`;
}

/** One "label value" per setting, in the order of the settings table. */
function namesInPatch(patch: ConfigPatch): readonly string[] {
  return settingNames.flatMap((name) => {
    const value = patch[name];
    return value === undefined ? [] : [`${lowerFirst(settings[name].label)} ${readValue(name, value)}`];
  });
}

function readValue(name: keyof typeof settings, value: number | string): string {
  const setting: Setting = settings[name];
  if (setting.kind === "choice") return setting.options[String(value)] ?? String(value);
  return setting.meanings?.[Number(value)] ?? String(value);
}

/** "kNN neighbours" and "BatchNorm groups" keep their capitals. */
function lowerFirst(label: string): string {
  const capitals = /^[A-Z][a-z]+(?![a-z]*[A-Z])/.test(label);
  return capitals ? label.charAt(0).toLowerCase() + label.slice(1) : label;
}
