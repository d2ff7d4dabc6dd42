import type { AblationDesign, AblationValue } from "../../contract/ablationDesign.ts";
import type { AblationJob } from "../../contract/ablationJob.ts";
import { rowValues } from "./ablationJobs.ts";
import { bootstrapInterval, type Interval } from "./bootstrapInterval.ts";

/** What an ablation measures of a run. */
export type AblationMetric = "knn" | "distillation";

/** What a value came to over its seeds. */
export interface SeedSummary {
  readonly mean: number;
  /** 95 % bootstrap interval of the mean; null with one seed, which has none. */
  readonly interval: Interval | null;
  readonly seeds: readonly { readonly seed: number; readonly y: number; readonly runId: string }[];
}

export interface AblationPoint extends SeedSummary {
  readonly value: AblationValue;
}

/** Mean and interval over the seeds that are done, per value, in the axis' order. */
export function summarise(
  design: AblationDesign,
  jobs: readonly AblationJob[],
  metric: AblationMetric,
): readonly AblationPoint[] {
  return rowValues(design).flatMap((value) => {
    const summary = value === null ? null : summariseValue(jobs, value, metric);
    return value === null || summary === null ? [] : [{ value, ...summary }];
  });
}

/** @returns null where no run of the value is done and has the measure. */
export function summariseValue(
  jobs: readonly AblationJob[],
  value: AblationJob["value"],
  metric: AblationMetric,
): SeedSummary | null {
  const seeds = jobs.flatMap((job) => {
    const y = job.value === value && job.state === "done" ? (job.result?.[metric] ?? null) : null;
    return y === null ? [] : [{ seed: job.seed, y, runId: job.runId }];
  });
  if (seeds.length === 0) return null;
  const ys = seeds.map(({ y }) => y);
  return { mean: meanOf(ys), interval: bootstrapInterval(ys), seeds };
}

/** What the runs were measured against: means over those that measured it; null where none did. */
export function referencesOf(
  jobs: readonly AblationJob[],
): Record<"teacherKnn" | "untrainedKnn" | "chance", number | null> {
  const mean = (name: "teacherKnn" | "untrainedKnn" | "chance"): number | null => {
    const values = jobs.flatMap(({ result }) => result?.baseline?.[name] ?? []);
    return values.length === 0 ? null : meanOf(values);
  };
  return { teacherKnn: mean("teacherKnn"), untrainedKnn: mean("untrainedKnn"), chance: mean("chance") };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
