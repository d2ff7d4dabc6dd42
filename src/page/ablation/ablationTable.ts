import { axisLabel } from "../../contract/ablationAxes.ts";
import type { AblationDesign } from "../../contract/ablationDesign.ts";
import { toCsv } from "../../formats/csvTable.ts";
import type { AblationJob } from "../../contract/ablationJob.ts";
import { jobLabel, jobsByValue, rowValues } from "../trials/ablationJobs.ts";
import { formatSummary, measures } from "../trials/measures.ts";
import { summariseValue, type AblationMetric } from "../trials/summarise.ts";

/** What an ablation found, a row a value, as it is read on the page and in files. */
export interface AblationTable {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly caption: string;
}

export function ablationTable(design: AblationDesign, queue: readonly AblationJob[]): AblationTable {
  const jobs = jobsByValue(design, queue);
  // Methods have losses of their own, which do not stand in one column, and prefixes have one together.
  const shown: readonly AblationMetric[] =
    design.axis === "method" || design.axis === "nestedDim" ? ["knn"] : ["knn", "distillation"];
  const questions = jobs.find(({ result }) => result !== null)?.result?.baseline?.queryImages ?? null;
  return {
    header: [axisLabel(design.axis), "Runs", ...shown.map((metric) => measures[metric].name)],
    rows: rowValues(design).map((value) => {
      const measured = (metric: AblationMetric): string => {
        const summary = summariseValue(jobs, value, metric);
        return summary === null ? "–" : formatSummary(summary, measures[metric]);
      };
      return [
        jobLabel(design, { value }),
        describeJobs(jobs.filter((job) => job.value === value)),
        ...shown.map(measured),
      ];
    }),
    caption: `Mean over the seeds that are done, and its 95 % bootstrap interval where there are several. Runs that were stopped early or skipped are left out. All runs are asked about the same held-out images${questions === null ? "" : `, ${questions} of them`}.`,
  };
}

/** "2 of 3, 1 stopped early". */
function describeJobs(jobs: readonly AblationJob[]): string {
  const count = (state: AblationJob["state"]): number => jobs.filter((job) => job.state === state).length;
  const told = (["failed", "skipped", "stoppedEarly"] as const).flatMap((state) =>
    count(state) === 0 ? [] : [`${count(state)} ${stateNames[state]}`],
  );
  return [
    `${count("done")} of ${jobs.length}`,
    ...told,
    ...(count("running") === 0 ? [] : [stateNames.running]),
  ].join(", ");
}

export const stateNames: Readonly<Record<AblationJob["state"], string>> = {
  queued: "waiting",
  running: "running",
  done: "done",
  failed: "failed",
  skipped: "skipped",
  stoppedEarly: "stopped early",
};

/** One line per run; where one run has several values, one for each. */
export function ablationCsv(design: AblationDesign, queue: readonly AblationJob[]): string {
  const jobs = jobsByValue(design, queue);
  return toCsv([
    [design.axis, "seed", "steps", "knn", "distillation", "state", "problem", "teacher_knn"],
    ...jobs.map((job) => [
      job.value ?? "without a teacher",
      job.seed,
      design.steps,
      job.result?.knn ?? null,
      job.result?.distillation ?? null,
      job.state,
      job.problem,
      job.result?.baseline?.teacherKnn ?? null,
    ]),
  ]);
}
