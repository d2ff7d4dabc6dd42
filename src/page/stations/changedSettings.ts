import type { Config, Setting, SettingName } from "../../contract/config.ts";
import { defaultConfig, settingNames, settings } from "../../contract/config.ts";
import { formatSetting } from "../settings/formatSetting.ts";

interface ChangedSetting {
  readonly name: SettingName;
  readonly label: string;
  readonly value: string;
  readonly usual: string;
  /** May go back while a run is going. */
  readonly live: boolean;
}

/** What differs from the defaults, in the table's order. Whose images they are is no deviation. */
export function changedSettings(config: Config): readonly ChangedSetting[] {
  return settingNames
    .filter((name) => name !== "data" && config[name] !== defaultConfig[name])
    .map((name) => {
      const setting: Setting = settings[name];
      return {
        name,
        label: setting.label,
        value: formatSetting(setting, config[name]),
        usual: formatSetting(setting, defaultConfig[name]),
        live: setting.live === true,
      };
    });
}
