import { configDifference, settings } from "../../contract/config.ts";
import { runName } from "../commands/runName.ts";
import type { RunRecord } from "../stores/runHistory.ts";
import { settingsThatVary } from "./groupRuns.ts";
import { settingValue } from "./runTraits.ts";

/**
 * A name for each of some runs that tells it from the others: the visitor's own, or the settings in which they differ,
 * "head hidden width 8 · seed 2". Of runs that differ in nothing the later ones are numbered.
 */
export function tellApart(runs: readonly RunRecord[]): readonly string[] {
  const varies = settingsThatVary(runs);
  const seeds = new Set(runs.map(({ config }) => config.seed));
  const named = runs.map((run) => {
    if (run.name !== runName(run.config)) return run.name;
    const parts = varies.map((name) => `${settings[name].label} ${settingValue(run, name)}`);
    if (seeds.size > 1) parts.push(`seed ${run.config.seed}`);
    if (parts.length > 0) return parts.join(" · ");
    return Object.keys(configDifference(run.config)).length === 0 ? "defaults" : run.name;
  });
  return named.map((name, i) => {
    const before = named.slice(0, i).filter((other) => other === name).length;
    return before === 0 ? name : `${name} (${before + 1})`;
  });
}
