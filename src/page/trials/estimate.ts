import type { AblationDesign } from "../../contract/ablationDesign.ts";
import type { Config, SettingName } from "../../contract/config.ts";
import type { AblationJob } from "../../contract/ablationJob.ts";
import type { RunRecord } from "../stores/runHistory.ts";
import { formatDuration } from "../widgets/formatNumbers.ts";
import { jobConfig, jobsLeft, planJobs } from "./ablationJobs.ts";

/** What a step's cost depends on most: runs that agree in these go about as fast. */
const costSettings: readonly SettingName[] = [
  "imageSize",
  "batchSize",
  "student",
  "studentWidth",
  "studentStem",
  "method",
  "teacher",
  "teacherViews",
  "optimiser",
];

/** Training time of a step, by the last finished run of the same cost on this machine; null where there was none. */
export function secondsPerStepLike(config: Config, runs: readonly RunRecord[]): number | null {
  const last = runs.findLast(
    (run) =>
      run.end.kind === "finished" &&
      run.last !== null &&
      costSettings.every((name) => run.config[name] === config[name]),
  )?.last;
  return last === undefined || last === null || !(last.step > 0) ? null : last.elapsedMs / 1000 / last.step;
}

/** Beforehand, in a sentence: how many runs, and how long they train, as far as runs so far tell. */
export function describePlan(design: AblationDesign, config: Config, runs: readonly RunRecord[]): string {
  const jobs = planJobs(design);
  const count = `${jobs.length} ${jobs.length === 1 ? "run" : "runs, one after another, each"} of ${design.steps} steps`;
  const each = jobs.map((job) => secondsPerStepLike(jobConfig(config, design, job), runs));
  const known = each.filter((seconds) => seconds !== null);
  if (known.length === 0) return `${count}. How long they take will be told by the first.`;
  const usual = mean(known);
  const seconds = each.reduce<number>((sum, own) => sum + (own ?? usual) * design.steps, 0);
  const rates = [...new Set([Math.max(...known), Math.min(...known)].map((slow) => formatRate(1 / slow)))];
  const guessed =
    known.length < each.length ? "; some values were not run yet and are taken to be as fast" : "";
  return `${count}: about ${formatDuration(seconds)} of training, as fast as the last such runs on this machine, ${rates.join(" to ")} steps a second${guessed}.`;
}

/** How far the run of the queue is that is going. */
export interface GoingRun {
  readonly step: number;
  /** Training time so far. */
  readonly elapsedMs: number;
}

/** While it goes, in a sentence: what is left, by what runs have taken so far. */
export function describeRest(
  design: AblationDesign,
  jobs: readonly AblationJob[],
  going: GoingRun | null,
): string {
  const left = jobsLeft(jobs);
  const over = `${jobs.length - left.length} of ${jobs.length} runs are over`;
  const seconds = secondsLeft(design, jobs, going);
  if (left.length === 0 || seconds === null) return `${over}.`;
  const taken = jobs.flatMap((job) => job.seconds ?? []);
  const basis =
    taken.length === 0
      ? "by the speed of the first"
      : `by the ${formatDuration(mean(taken))} that a run has taken so far`;
  return `${over}; about ${formatDuration(seconds)} left, ${basis}.`;
}

/** @returns null before anything can be said. */
export function secondsLeft(
  { steps }: AblationDesign,
  jobs: readonly AblationJob[],
  going: GoingRun | null,
): number | null {
  const left = jobsLeft(jobs);
  const share = Math.min(1, (going?.step ?? 0) / steps);
  const measured = jobs.filter((job) => job.seconds !== null);
  if (measured.length === 0) {
    if (going === null || going.step < 1) return null;
    return (going.elapsedMs / 1000 / going.step) * (left.length * steps - going.step);
  }
  const secondsOf = (jobs: readonly AblationJob[]): number => mean(jobs.flatMap((job) => job.seconds ?? []));
  return left.reduce((sum, job) => {
    const same = measured.filter(({ value }) => value === job.value);
    const whole = secondsOf(same.length > 0 ? same : measured);
    return sum + whole * (job.state === "running" ? 1 - share : 1);
  }, 0);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function formatRate(perSecond: number): string {
  return perSecond >= 10 ? perSecond.toFixed(0) : perSecond.toPrecision(2);
}
