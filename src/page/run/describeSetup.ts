import { configDifference, settingNames, type Config } from "../../contract/config.ts";
import { settingPhrase } from "../../contract/settingPhrase.ts";

/** As many as fit into the line. */
const mostNamed = 4;

/** What Start will do with settings that are not the usual ones, as those of a link; empty for the usual ones. */
export function describeSetup(config: Config): string {
  const difference = configDifference(config);
  const images = config.data === "own" ? " on your own images" : "";
  const changed = settingNames
    .filter((name) => name !== "seed" && name !== "data" && difference[name] !== undefined)
    .map((name) => settingPhrase(name, config[name]));
  if (changed.length === 0) return images === "" ? "" : `Start trains${images}.`;
  const named = changed.slice(0, mostNamed);
  const rest = changed.length - named.length;
  const others =
    rest === 0
      ? ""
      : ` · and ${rest} more ${rest === 1 ? "setting that is not the usual one" : "settings that are not the usual ones"}`;
  return `Start trains${images} with ${named.join(" · ")}${others}.`;
}
