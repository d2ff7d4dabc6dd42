import {
  settings,
  type Config,
  type ConfigPatch,
  type Setting,
  type SettingName,
} from "../../contract/config.ts";

/** "Set Learning rate to 0.05": what a button that applies a change says. */
export function describeChange(change: ConfigPatch): string {
  const parts = changedSettings(change).map(([name, value]) => {
    const setting: Setting = settings[name];
    const text = setting.kind === "choice" ? (setting.options[String(value)] ?? value) : value;
    return `${setting.label} to ${text}`;
  });
  return `Set ${parts.join(" and ")}`;
}

export function isApplied(change: ConfigPatch, config: Config): boolean {
  return changedSettings(change).every(([name, value]) => config[name] === value);
}

/** What changes, one setting at a time, as commands take them. */
export function changedSettings(change: ConfigPatch): [SettingName, Config[SettingName]][] {
  return Object.entries(change) as [SettingName, Config[SettingName]][];
}
