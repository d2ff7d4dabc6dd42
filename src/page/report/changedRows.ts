import { configDifference, settings, type Config, type Setting } from "../../contract/config.ts";
import { formatSetting } from "../settings/formatSetting.ts";

/** "Batch size", "64", "128": what differs from the defaults, label, value and default. */
export function changedRows(config: Config): readonly (readonly [string, string, string])[] {
  return Object.entries(configDifference(config)).map(([name, value]) => {
    const setting: Setting = settings[name as keyof typeof settings];
    return [setting.label, formatSetting(setting, value), formatSetting(setting, setting.default)];
  });
}
