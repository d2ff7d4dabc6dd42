import type { Config } from "../../contract/config.ts";
import { configDifference, settingNames } from "../../contract/config.ts";
import { settingPhrase } from "../../contract/settingPhrase.ts";

const mostNamed = 4;

/**
 * What a person calls a run: what it changes against the defaults, "batch 64 · learning rate 0.1 · seed 3". Of many
 * changes only the first are named, and the seed always.
 */
export function runName(config: Config): string {
  const changed = configDifference(config);
  const names = settingNames.filter((name) => changed[name] !== undefined);
  if (names.length === 0) return "defaults";
  const phrases = (some: typeof names) => some.map((name) => settingPhrase(name, config[name]));
  if (names.length <= mostNamed) return phrases(names).join(" · ");
  const seed = names.filter((name) => name === "seed");
  const named = names.filter((name) => name !== "seed").slice(0, mostNamed - 1 - seed.length);
  const more = names.length - named.length - seed.length;
  return [...phrases(named), `${more} more`, ...phrases(seed)].join(" · ");
}
