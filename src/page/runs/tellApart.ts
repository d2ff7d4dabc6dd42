import { configDifference, type SettingName } from "../../contract/config.ts";
import { settingPhrase } from "../../contract/settingPhrase.ts";
import { runName } from "../commands/runName.ts";
import type { RunRecord } from "../stores/runHistory.ts";
import { settingsThatVary } from "./groupRuns.ts";

/** What tells a run from some others. */
export interface TellingName {
  /** Short enough for a legend. */
  readonly name: string;
  /** With everything in which they differ. */
  readonly whole: string;
}

/** Settings in a name, the seed aside. */
const mostNamed = 3;

/**
 * A name for each of some runs that tells it from the others: the visitor's own, or the settings in which they differ,
 * "head hidden width 8 · seed 2". Of many differences those are named first that divide the runs each in another way, and
 * the rest is counted. Of runs that differ in nothing the later ones are numbered.
 */
export function tellApart(runs: readonly RunRecord[]): readonly TellingName[] {
  const varies = settingsThatVary(runs);
  const telling = mostTelling(runs, varies);
  const more = varies.length === telling.length ? [] : [`${varies.length - telling.length} more`];
  const seeds = new Set(runs.map(({ config }) => config.seed));
  const named = runs.map((run): TellingName => {
    if (run.name !== runName(run.config)) return { name: run.name, whole: run.name };
    const phrases = (names: readonly SettingName[]) =>
      names.map((name) => settingPhrase(name, run.config[name]));
    const seed = seeds.size > 1 ? [settingPhrase("seed", run.config.seed)] : [];
    const whole = [...phrases(varies), ...seed].join(" · ");
    if (whole !== "") return { name: [...phrases(telling), ...more, ...seed].join(" · "), whole };
    const name = Object.keys(configDifference(run.config)).length === 0 ? "defaults" : run.name;
    return { name, whole: name };
  });
  return named.map(({ name, whole }, i) => {
    const before = named.slice(0, i).filter((other) => other.name === name).length;
    return { name: before === 0 ? name : `${name} (${before + 1})`, whole };
  });
}

/** Of many settings first one of each that divide the runs alike, then others; in the table's order. */
function mostTelling(runs: readonly RunRecord[], varies: readonly SettingName[]): readonly SettingName[] {
  if (varies.length <= mostNamed) return varies;
  const divisions = new Set<string>();
  const telling = varies.filter((name) => {
    const values = runs.map(({ config }) => config[name]);
    const division = values.map((value) => values.indexOf(value)).join(" ");
    const isNew = !divisions.has(division);
    divisions.add(division);
    return isNew;
  });
  const others = varies.filter((name) => !telling.includes(name));
  const named = [...telling, ...others].slice(0, mostNamed);
  return varies.filter((name) => named.includes(name));
}
