import { configDifference, settings, type Config, type Setting } from "../../contract/config.ts";
import { formatSetting } from "../settings/formatSetting.ts";

/** As many as fit into the line. */
const mostNamed = 4;

/** What Start will do with settings that are not the usual ones, as those of a link; empty for the usual ones. */
export function describeSetup(config: Config): string {
  const changed = Object.keys(configDifference(config))
    .filter((name) => name !== "seed")
    .map((name) => {
      const setting: Setting = settings[name as keyof Config];
      return `${setting.label} ${formatSetting(setting, config[name as keyof Config])}`;
    });
  if (changed.length === 0) return "";
  const named = changed.slice(0, mostNamed);
  const rest = changed.length - named.length;
  return `Start trains with ${named.join(" · ")}${rest === 0 ? "" : ` · and ${rest} more settings that are not the usual ones`}.`;
}
