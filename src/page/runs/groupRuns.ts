import { settingNames, type SettingName } from "../../contract/config.ts";
import type { RunRecord } from "../stores/runHistory.ts";
import { runTraits, settingValue, type RunTrait } from "./runTraits.ts";

/** Runs that share a value of the setting they are grouped by, and differ in nothing but their seeds. */
interface RunGroup {
  /** The setting's value, as a person reads it. */
  readonly label: string;
  readonly runs: readonly RunRecord[];
}

/** A run that differs from the others in more than the setting and the seed. */
interface UnlikeRun {
  readonly run: RunRecord;
  /** In what: its own values. */
  readonly differsIn: readonly RunTrait[];
}

interface RunGroups {
  readonly groups: readonly RunGroup[];
  /** Not in any group, since a comparison would not be fair. */
  readonly unlike: readonly UnlikeRun[];
}

/** Settings that runs can be grouped by: those that not all of them share. */
export function settingsThatVary(runs: readonly RunRecord[]): readonly SettingName[] {
  return settingNames.filter(
    (name) => name !== "seed" && new Set(runs.map(({ config }) => config[name])).size > 1,
  );
}

/**
 * Puts runs into groups by one setting, as fairly as they can be compared: all of the groups' runs share every other
 * setting, the images' fingerprint, the teacher, the number of steps taken and how they ended. What most runs share
 * counts (of equally many, what the first has); the others are named with what they differ in.
 */
export function groupRuns(runs: readonly RunRecord[], setting: SettingName): RunGroups {
  const described = runs.map((run) => ({ run, traits: runTraits(run, [setting, "seed"]) }));
  const keyOf = (traits: readonly RunTrait[]): string => JSON.stringify(traits);
  const counts = new Map<string, number>();
  for (const { traits } of described) counts.set(keyOf(traits), (counts.get(keyOf(traits)) ?? 0) + 1);
  const most = Math.max(0, ...counts.values());
  const shared = described.find(({ traits }) => counts.get(keyOf(traits)) === most)?.traits ?? [];

  const groups = new Map<number | string, RunRecord[]>();
  const unlike: UnlikeRun[] = [];
  for (const { run, traits } of described) {
    const differsIn = traits.filter(({ value }, i) => value !== shared[i]?.value);
    if (differsIn.length > 0) unlike.push({ run, differsIn });
    else groups.set(run.config[setting], [...(groups.get(run.config[setting]) ?? []), run]);
  }
  return {
    groups: [...groups]
      .sort(([a], [b]) => (typeof a === "number" && typeof b === "number" ? a - b : 0))
      .map(([, alike]) => ({ label: settingValue(alike[0]!, setting), runs: alike })),
    unlike,
  };
}
