import {
  defaultConfig,
  settingNames,
  settings,
  type Config,
  type SettingName,
} from "../../contract/config.ts";
import type { RunRecord } from "../stores/runHistory.ts";
import { hasTeacher } from "../stores/runStore.ts";

/** What the same student reached without a teacher, for comparison. */
export interface Teacherless {
  /** Accuracy at the end, the mean of all runs. */
  readonly knn: number;
  readonly runs: number;
  /** In this visit, or beforehand for docs/RECIPES.md. */
  readonly measured: "thisVisit" | "beforehand";
}

/** A set that runs can be compared on. */
interface KnownSet {
  readonly kind: "demo" | "own";
  readonly fingerprint: string;
}

/** The preset “Without a teacher” on the demo set, seeds 1 to 5, everything else by default: docs/RECIPES.md. */
const measuredOnDemo: Teacherless = {
  knn: (0.698 + 0.625 + 0.652 + 0.746 + 0.61) / 5,
  runs: 5,
  measured: "beforehand",
};

/**
 * Finished runs of this visit without a teacher that compare with `config`'s: same pictures and split, same student, as
 * many steps of as many images. Their objective, learning rate and views may differ, since learning alone wants others.
 * Of several set-ups the latest counts, with all of its seeds; where there is none, the demo set has a value that was
 * measured beforehand.
 *
 * @returns null where nothing comparable was measured, and for runs that have no teacher themselves.
 */
export function teacherlessOf(
  config: Config,
  { kind, fingerprint }: KnownSet,
  runs: readonly RunRecord[],
): Teacherless | null {
  if (!hasTeacher(config)) return null;
  const comparable = runs.filter(
    (run) =>
      run.end.kind === "finished" &&
      run.dataFingerprint === fingerprint &&
      !hasTeacher(run.config) &&
      typeof run.evaluations.at(-1)?.knn === "number" &&
      isAlike(run.config, config, sharedSettings),
  );
  const latest = comparable.at(-1);
  if (latest === undefined)
    return kind === "demo" && isAlike(config, defaultConfig, sharedSettings) ? measuredOnDemo : null;
  const same = comparable.filter((run) => isAlike(run.config, latest.config, allButSeed));
  const knn = same.reduce((sum, run) => sum + (run.evaluations.at(-1)?.knn ?? 0), 0) / same.length;
  return { knn, runs: same.length, measured: "thisVisit" };
}

/** "mean of 5 runs measured beforehand" */
export function describeTeacherless({ runs, measured }: Teacherless): string {
  const count = runs === 1 ? "1 run" : `mean of ${runs} runs`;
  return `${count} ${measured === "thisVisit" ? "of this visit" : "measured beforehand"}`;
}

const length: readonly SettingName[] = ["steps", "epochs", "batchSize"];
/** What two runs must share for their accuracies to be compared. */
const sharedSettings = settingNames.filter(
  (name) =>
    length.includes(name) ||
    name === "imageSize" ||
    settings[name].group === "student" ||
    (settings[name].group === "evaluation" && name !== "evaluateEvery"),
);
const allButSeed = settingNames.filter((name) => name !== "seed");

function isAlike(one: Config, other: Config, names: readonly SettingName[]): boolean {
  return names.every((name) => one[name] === other[name]);
}
