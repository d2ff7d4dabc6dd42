import { settings, type Config } from "../../contract/config.ts";
import { toWire } from "../../contract/errors.ts";
import type { Engine } from "../../contract/protocol.ts";
import type { MetricLog } from "../metrics/metricLog.ts";
import { metricLogOf } from "../metrics/metricArchive.ts";
import type { AblationDesign } from "../../contract/presets.ts";
import type { AblationJob } from "../stores/ablationStore.ts";
import { ablationStore } from "../stores/ablationStore.ts";
import { notify, notifyError } from "../stores/noticeStore.ts";
import { hasTeacher, runIsBusy, runStore } from "../stores/runStore.ts";
import { endOf, launchRun, pauseRun, prepareRun, presentConfig, resumeRun, stopRun } from "./startRun.ts";
import { toCsv } from "../../formats/csvTable.ts";
import { waitUntil } from "./waitUntil.ts";

/** All values with the first seed, then with the second, and so on: the whole figure fills in early. */
export function planJobs(design: AblationDesign): readonly AblationJob[] {
  return design.seeds.flatMap((seed) =>
    design.values.map((value) => ({ value, seed, state: "queued", runId: "", result: null, problem: "" })),
  );
}

/**
 * What one job runs with: the shared configuration, and the three things that are the job's own. All jobs are asked
 * about the same held-out images (`splitSeed` is shared), as many as there are, at the end.
 */
function jobConfig(config: Config, design: AblationDesign, job: AblationJob): Config {
  return {
    ...config,
    [design.axis]: job.value,
    seed: job.seed,
    steps: design.steps,
    evaluateEvery: 0,
    evaluationImages: settings.evaluationImages.max,
  };
}

/** Begins the queue anew with the present configuration. Resolves when it is through, stopped or refused. */
export async function startAblation(engine: Engine): Promise<void> {
  if (runIsBusy() || ablationIsGoing()) return;
  const { design } = ablationStore.getState();
  ablationStore.setState({
    config: presentConfig(),
    jobs: planJobs(design),
  });
  await prepareAndWork(engine, presentConfig);
}

/** Goes on with the jobs that are still queued, e.g. after Stop, with the configuration of those that are done. */
export async function continueAblation(engine: Engine): Promise<void> {
  const { config } = ablationStore.getState();
  if (config === null || runIsBusy() || ablationIsGoing()) return;
  await prepareAndWork(engine, () => config);
}

async function prepareAndWork(engine: Engine, configOf: () => Config): Promise<void> {
  ablationStore.setState({ status: "running" });
  try {
    ablationStore.setState({ config: await prepareRun(engine, configOf) });
    await workThroughQueue(engine);
  } catch (error) {
    notifyError(error);
  }
  const { status, jobs } = ablationStore.getState();
  if (jobs.every((job) => job.state === "done" || job.state === "failed"))
    ablationStore.setState({ status: "finished" });
  else if (status !== "stopped") ablationStore.setState({ status: "stopped" });
}

async function workThroughQueue(engine: Engine): Promise<void> {
  for (;;) {
    const { status } = await waitUntil(ablationStore, (state) => state.status !== "paused");
    if (status !== "running") return;
    const { config, design, jobs } = ablationStore.getState();
    const index = jobs.findIndex((job) => job.state === "queued");
    const job = jobs[index];
    if (job === undefined || config === null) return;
    if (!(await workOn(engine, index, jobConfig(config, design, job)))) return;
  }
}

/** @returns whether the queue should go on. */
async function workOn(engine: Engine, index: number, config: Config): Promise<boolean> {
  changeJob(index, { state: "running" });
  let runId: string;
  try {
    runId = await launchRun(engine, config);
  } catch (error) {
    changeJob(index, { state: "failed", problem: toWire(error).message });
    return true; // e.g. a dimension larger than the teacher's; the others may do
  }
  changeJob(index, { runId });
  const end = await endOf(runId);
  switch (end.kind) {
    case "finished": {
      const { evaluations, baseline } = runStore.getState();
      const distillation = hasTeacher(config) ? finalDistillation(metricLogOf(runId)) : null;
      changeJob(index, {
        state: "done",
        result: { knn: evaluations.at(-1)?.knn ?? null, distillation, baseline },
      });
      return true;
    }
    case "diverged":
      changeJob(index, { state: "failed", problem: end.message });
      return true;
    case "failed":
      changeJob(index, { state: "failed", problem: end.error.message });
      return end.error.code !== "backend-lost";
    case "stopped":
      changeJob(index, { state: "queued", runId: "" });
      if (ablationStore.getState().status === "running") {
        notify("info", "The run was stopped, and with it the ablation.", {
          hint: "“Continue” under “Ablation” goes on with the rest.",
        });
        ablationStore.setState({ status: "stopped" });
      }
      return false;
  }
}

export async function pauseAblation(engine: Engine): Promise<void> {
  if (ablationStore.getState().status !== "running") return;
  ablationStore.setState({ status: "paused" });
  await pauseRun(engine);
}

export async function resumeAblation(engine: Engine): Promise<void> {
  if (ablationStore.getState().status !== "paused") return;
  ablationStore.setState({ status: "running" });
  await resumeRun(engine);
}

/** Ends the run that is going; it goes back into the queue. */
export async function stopAblation(engine: Engine): Promise<void> {
  if (!ablationIsGoing()) return;
  ablationStore.setState({ status: "stopped" });
  await stopRun(engine);
}

export function ablationIsGoing(): boolean {
  const { status } = ablationStore.getState();
  return status === "running" || status === "paused";
}

function changeJob(index: number, change: Partial<AblationJob>): void {
  ablationStore.setState(({ jobs }) => ({
    jobs: jobs.map((job, i) => (i === index ? { ...job, ...change } : job)),
  }));
}

/** Mean over the last tenth of the run, at least ten steps, so that one batch does not decide. */
function finalDistillation(log: MetricLog): number | null {
  const distillation = log.column("distillation");
  const tail = distillation.subarray(-Math.max(10, Math.ceil(distillation.length / 10)));
  const mean = tail.reduce((sum, value) => sum + value, 0) / tail.length;
  return Number.isFinite(mean) ? mean : null;
}

export interface AblationPoint {
  readonly value: number;
  readonly mean: number;
  /** Sample standard deviation over seeds; null with one, which has none. */
  readonly std: number | null;
  readonly seeds: readonly { readonly seed: number; readonly y: number; readonly runId: string }[];
}

/** What the lines of the figure show: means over the runs that measured it; null where none did. */
export function referencesOf(
  jobs: readonly AblationJob[],
): Record<"teacherKnn" | "untrainedKnn" | "chance", number | null> {
  const mean = (name: "teacherKnn" | "untrainedKnn" | "chance"): number | null => {
    const values = jobs.flatMap(({ result }) => result?.baseline?.[name] ?? []);
    return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
  };
  return { teacherKnn: mean("teacherKnn"), untrainedKnn: mean("untrainedKnn"), chance: mean("chance") };
}

/** Mean ± standard deviation over the seeds that are done, per value, rising. */
export function summarise(
  jobs: readonly AblationJob[],
  metric: "knn" | "distillation",
): readonly AblationPoint[] {
  const values = [...new Set(jobs.map((job) => job.value))].sort((a, b) => a - b);
  return values.flatMap((value) => {
    const seeds = jobs.flatMap((job) => {
      const y = job.value === value ? (job.result?.[metric] ?? null) : null;
      return y === null ? [] : [{ seed: job.seed, y, runId: job.runId }];
    });
    if (seeds.length === 0) return [];
    const mean = seeds.reduce((sum, { y }) => sum + y, 0) / seeds.length;
    const squares = seeds.reduce((sum, { y }) => sum + (y - mean) ** 2, 0);
    const std = seeds.length > 1 ? Math.sqrt(squares / (seeds.length - 1)) : null;
    return [{ value, mean, std, seeds }];
  });
}

/** One line per run. */
export function ablationCsv(design: AblationDesign, jobs: readonly AblationJob[]): string {
  return toCsv([
    [design.axis, "seed", "steps", "knn", "distillation", "state", "problem"],
    ...jobs.map((job) => [
      job.value,
      job.seed,
      design.steps,
      job.result?.knn ?? null,
      job.result?.distillation ?? null,
      job.state,
      job.problem,
    ]),
  ]);
}
