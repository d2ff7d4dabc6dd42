import type { BackendName } from "./backend.ts";
import type { Config, ConfigPatch } from "./config.ts";
import type { DatasetSummary } from "./dataset.ts";
import type { Evaluation, EvaluationBaseline } from "./metrics.ts";
import type { RunEnd, RunPlan } from "./run.ts";
import type { TeacherCard } from "./teacher.ts";
import type { WebOrigin } from "./webOrigin.ts";

/** `run.json`: all that is needed to repeat a run and to judge it. */
export interface RunFile {
  readonly format: "disco-playground-run";
  readonly formatVersion: 1;
  readonly config: Config;
  readonly seed: number;
  readonly versions: Readonly<Record<string, string>>;
  readonly backend: BackendName;
  readonly adapter: string;
  readonly dataFingerprint: string;
  readonly dataset: DatasetSummary;
  readonly teacher: TeacherCard | null;
  /** Where the teacher was downloaded from; absent when it was given as a file, or is the bundled one. */
  readonly teacherOrigin?: WebOrigin;
  /** The same of the images. */
  readonly dataOrigin?: WebOrigin;
  readonly plan: RunPlan;
  /** Live settings changed on the way, each from the step after `step` on; absent when nothing was touched. */
  readonly adjustments?: readonly { readonly step: number; readonly patch: ConfigPatch }[];
  readonly metrics: {
    /** `null` while the run is still going. */
    readonly end: RunEnd | null;
    readonly steps: number;
    readonly elapsedMs: number;
    readonly baseline: EvaluationBaseline | null;
    readonly evaluations: readonly Evaluation[];
    /** Last row of metrics.csv. */
    readonly last: Readonly<Record<string, number>>;
  };
}

/** @returns `run.json` as it is written. */
export function formatRunFile(run: RunFile): string {
  return `${JSON.stringify(run, null, 2)}\n`;
}
