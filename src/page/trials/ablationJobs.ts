import { ablationPatch, orderedValues, valueLabel } from "../../contract/ablationAxes.ts";
import type { AblationDesign } from "../../contract/ablationDesign.ts";
import { settings, type Config } from "../../contract/config.ts";
import { presets } from "../../contract/presets.ts";
import type { AblationJob } from "../../contract/ablationJob.ts";

type JobKey = Pick<AblationJob, "value" | "seed">;

/**
 * All values with the first seed, then with the second, and so on: the whole figure fills in early. Prefixes of an embedding
 * are learnt together, by a job of the longest.
 */
export function planJobs(design: AblationDesign): readonly AblationJob[] {
  const trained = design.axis === "nestedDim" ? [Math.max(...design.values.map(Number))] : design.values;
  const values = design.withTeacherless ? [...trained, null] : trained;
  return design.seeds.flatMap((seed) =>
    values.map((value) => ({
      value,
      seed,
      state: "queued",
      runId: "",
      attempts: 0,
      result: null,
      seconds: null,
      problem: "",
    })),
  );
}

/**
 * The jobs as figure and table have them, one for each value: where prefixes are learnt together, a job counts as one of
 * every length, with the accuracy of that.
 */
export function jobsByValue(
  { axis, values }: AblationDesign,
  jobs: readonly AblationJob[],
): readonly AblationJob[] {
  if (axis !== "nestedDim") return jobs;
  return jobs.flatMap((job) => {
    if (job.value === null) return [job];
    return values.map((value) => {
      const knn = job.result?.prefixes?.find(({ dims }) => dims === value)?.knn ?? null;
      return { ...job, value, result: job.result && { ...job.result, knn, distillation: null } };
    });
  });
}

export function isSameJob(a: JobKey, b: JobKey): boolean {
  return a.value === b.value && a.seed === b.seed;
}

/**
 * What one job runs with: the shared configuration, what its value changes, its seed, and what makes runs comparable.
 * All jobs are asked about the same held-out images (`splitSeed` is shared), as many as there are, at the end; and once
 * in between where hopeless ones are to be stopped there.
 */
export function jobConfig(config: Config, design: AblationDesign, { value, seed }: JobKey): Config {
  return {
    ...config,
    ...(value === null ? presets.alone.patch : ablationPatch(design.axis, value, config)),
    seed,
    steps: design.steps,
    evaluateEvery: design.stopsHopeless ? Math.ceil(design.steps / 2) : 0,
    evaluationImages: settings.evaluationImages.max,
  };
}

/** "64", "SEED", "without a teacher". */
export function jobLabel({ axis }: AblationDesign, { value }: Pick<AblationJob, "value">): string {
  return value === null ? "without a teacher" : valueLabel(axis, value);
}

/** The rows of figure and table: the axis' values in their order, and the line to beat. */
export function rowValues(design: AblationDesign): readonly AblationJob["value"][] {
  return design.withTeacherless ? [...orderedValues(design), null] : orderedValues(design);
}

/** Those that will still be run if the queue goes on. */
export function jobsLeft(jobs: readonly AblationJob[]): readonly AblationJob[] {
  return jobs.filter(({ state }) => state === "queued" || state === "running");
}
