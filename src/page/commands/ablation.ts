import { ablationAxes } from "../../contract/ablationAxes.ts";
import type { Config } from "../../contract/config.ts";
import { toWire, type ErrorCode } from "../../contract/errors.ts";
import type { Engine } from "../../contract/protocol.ts";
import { isHopeless } from "../trials/isHopeless.ts";
import { isSameJob, jobConfig, jobsLeft, planJobs } from "../trials/ablationJobs.ts";
import { measures } from "../trials/measures.ts";
import { summarise, type AblationMetric } from "../trials/summarise.ts";
import { endMean } from "../metrics/endMean.ts";
import { metricLogOf } from "../metrics/metricArchive.ts";
import type { AblationJob } from "../../contract/ablationJob.ts";
import { ablationIsGoing, ablationStore } from "../stores/ablationStore.ts";
import { datasetStore } from "../stores/datasetStore.ts";
import { notify, notifyError, withdrawNotices } from "../stores/noticeStore.ts";
import { hasTeacher, runIsBusy, runStore } from "../stores/runStore.ts";
import { bringBackInputs, goOnWithJob } from "./ablationInputs.ts";
import { holdAblationLock } from "./ablationLock.ts";
import { endOf, launchRun, pauseRun, prepareRun, presentConfig, resumeRun, stopRun } from "./startRun.ts";
import { waitUntil } from "./waitUntil.ts";

/** A run that failed is begun once more. */
const mostAttempts = 2;

/** Begins the queue of the design in the form, with the present configuration. Resolves when it is through or stopped. */
export async function startAblation(engine: Engine): Promise<void> {
  if (runIsBusy() || ablationIsGoing()) return;
  await holdAblationLock(async () => {
    const { draft } = ablationStore.getState();
    ablationStore.setState({
      design: draft,
      config: presentConfig(),
      dataFingerprint: "",
      jobs: planJobs(draft),
    });
    await prepareAndWork(engine, presentConfig);
  });
}

/** Goes on with the jobs that are still queued, after Stop or a reload, with the configuration of those that are done. */
export async function continueAblation(engine: Engine): Promise<void> {
  if (ablationStore.getState().config === null || runIsBusy() || ablationIsGoing()) return;
  await holdAblationLock(async () => {
    withdrawNotices("ablation");
    const { config } = ablationStore.getState();
    if (config !== null) await prepareAndWork(engine, () => config);
  });
}

async function prepareAndWork(engine: Engine, configOf: () => Config): Promise<void> {
  ablationStore.setState({ status: "running" });
  try {
    await bringBackInputs(engine);
    let config = configOf();
    await prepareRun(engine, () => {
      config = configOf();
      return mostDemanding(config);
    });
    const dataFingerprint = datasetStore.getState().summary?.fingerprint ?? "";
    ablationStore.setState({ config, dataFingerprint });
    await workThroughQueue(engine);
  } catch (error) {
    notifyError(error);
  }
  const { status, jobs } = ablationStore.getState();
  if (jobsLeft(jobs).length === 0) ablationStore.setState({ status: "finished" });
  else if (status !== "stopped") ablationStore.setState({ status: "stopped" });
}

/** The configuration of a job that needs a teacher, if any of those that are left does: all are made ready at once. */
function mostDemanding(config: Config): Config {
  const { design, jobs } = ablationStore.getState();
  const configs = jobsLeft(jobs).map((job) => jobConfig(config, design, job));
  return configs.find((each) => hasTeacher(each)) ?? configs[0] ?? config;
}

async function workThroughQueue(engine: Engine): Promise<void> {
  for (;;) {
    const { status } = await waitUntil(ablationStore, (state) => state.status !== "paused");
    if (status !== "running") return;
    const { config, jobs } = ablationStore.getState();
    const job = jobs.find(({ state }) => state === "queued");
    if (job === undefined || config === null) return;
    if (!(await workOn(engine, job, config))) return;
  }
}

/** @returns whether the queue should go on. */
async function workOn(engine: Engine, job: AblationJob, shared: Config): Promise<boolean> {
  const { design } = ablationStore.getState();
  const config = jobConfig(shared, design, job);
  const attempts = job.attempts + 1;
  const startedMs = performance.now();
  pausedMs = 0;
  changeJob(job, { state: "running", attempts, problem: "" });
  let runId: string;
  try {
    runId = (await goOnWithJob(engine, job)) ?? (await launchRun(engine, config));
  } catch (error) {
    const { code, message } = toWire(error);
    return takeFailure({ ...job, attempts, runId: "" }, code, message);
  }
  changeJob(job, { runId });
  const { status } = ablationStore.getState(); // it may have been stopped or paused before its run was there
  if (status === "stopped") void stopRun(engine);
  if (status === "paused") void pauseRun(engine);
  const watch = design.stopsHopeless ? stopIfHopeless(engine, runId) : null;
  const end = await endOf(runId);
  const early = watch?.() ?? null;
  switch (end.kind) {
    case "finished": {
      const seconds = (performance.now() - startedMs - pausedMs) / 1000;
      changeJob(job, { state: "done", seconds, result: resultOf(runId, config) });
      return true;
    }
    case "diverged": // would diverge again: seed and order are the same
      changeJob(job, { state: "failed", problem: end.message });
      return true;
    case "failed":
      return takeFailure({ ...job, attempts, runId }, end.error.code, end.error.message);
    case "stopped":
      if (early !== null) {
        changeJob(job, { state: "stoppedEarly", problem: early });
        return true;
      }
      changeJob(job, { state: "queued", runId: "", attempts: job.attempts });
      if (ablationStore.getState().status === "running") {
        notify("info", "The run was stopped, and with it the ablation.", {
          hint: "“Continue” under “Ablation” goes on with the rest.",
        });
        ablationStore.setState({ status: "stopped" });
      }
      return false;
  }
}

/**
 * A job that failed is queued once more, unless its configuration is refused, which nothing will change. One whose
 * engine was lost keeps its run, to go on from its checkpoint, and the queue waits for an engine.
 *
 * @returns whether the queue should go on.
 */
function takeFailure(job: AblationJob, code: ErrorCode, problem: string): boolean {
  const { attempts } = job;
  const isLost = code === "backend-lost";
  if (code === "config-invalid" || attempts >= mostAttempts) changeJob(job, { state: "failed", problem });
  else changeJob(job, { state: "queued", problem, attempts, runId: isLost ? job.runId : "" });
  return !isLost;
}

function resultOf(runId: string, config: Config): AblationJob["result"] {
  const { evaluations, baseline: measured } = runStore.getState();
  const baseline = measured && {
    teacherKnn: measured.teacherKnn,
    teacherPrefixes: measured.teacherPrefixes,
    untrainedKnn: measured.untrainedKnn,
    chance: measured.chance,
    queryImages: measured.queryImages,
  };
  return {
    knn: evaluations.at(-1)?.knn ?? null,
    prefixes: evaluations.at(-1)?.prefixes ?? null,
    distillation: hasTeacher(config) ? endMean(metricLogOf(runId).column("distillation")) : null,
    baseline,
  };
}

/**
 * Ends the run at half its length if nothing is to be hoped of it.
 *
 * @returns a function that ends the watch and says why the run was ended; null where it was not.
 */
function stopIfHopeless(engine: Engine, runId: string): () => string | null {
  const { design, jobs } = ablationStore.getState();
  let why: string | null = null;
  let isOver = false;
  const stop = runStore.subscribe((run) => {
    const half = run.evaluations.find(({ step }) => step >= design.steps / 2 && step < design.steps);
    if (isOver || run.runId !== runId || half === undefined) return;
    isOver = true;
    const metric: AblationMetric = half.knn === null ? "distillation" : "knn";
    if (metric === "distillation" && !ablationAxes[design.axis].comparesLoss) return;
    const value = half.knn ?? endMean(metricLogOf(runId).column("distillation"));
    if (value === null || !isHopeless(value, summarise(design, jobs, metric), measures[metric])) return;
    const { name, format } = measures[metric];
    why = `${name} ${format(value)} at step ${half.step}`;
    void stopRun(engine);
  });
  return () => {
    stop();
    return why;
  };
}

/** Of the job that is going: how long it was paused so far, and since when it is. */
let pausedMs = 0;
let pausedSinceMs = 0;

export async function pauseAblation(engine: Engine): Promise<void> {
  if (ablationStore.getState().status !== "running") return;
  pausedSinceMs = performance.now();
  ablationStore.setState({ status: "paused" });
  await pauseRun(engine);
}

export async function resumeAblation(engine: Engine): Promise<void> {
  if (ablationStore.getState().status !== "paused") return;
  pausedMs += performance.now() - pausedSinceMs;
  ablationStore.setState({ status: "running" });
  await resumeRun(engine);
}

/** Ends the run that is going; it goes back into the queue. */
export async function stopAblation(engine: Engine): Promise<void> {
  if (!ablationIsGoing()) return;
  ablationStore.setState({ status: "stopped" });
  await stopRun(engine);
}

/** Takes a job that waits out of the queue. */
export function skipJob(job: AblationJob): void {
  if (job.state !== "queued") return;
  changeJob(job, { state: "skipped" });
  settleStatus();
}

/** Puts a job that did not come to a result back into the queue, as if it had never been begun. */
export function requeueJob(job: AblationJob): void {
  if (job.state !== "skipped" && job.state !== "failed" && job.state !== "stoppedEarly") return;
  changeJob(job, { state: "queued", attempts: 0, runId: "", problem: "" });
  settleStatus();
}

/** Without a queue that is going, whether anything is left decides. */
function settleStatus(): void {
  const { status, jobs } = ablationStore.getState();
  if (status === "stopped" || status === "finished")
    ablationStore.setState({ status: jobsLeft(jobs).length === 0 ? "finished" : "stopped" });
}

/** Changes places with the job before or after it that waits too. */
export function moveJob(job: AblationJob, by: -1 | 1): void {
  ablationStore.setState(({ jobs }) => {
    const waiting = jobs.filter(({ state }) => state === "queued");
    const other = waiting[waiting.findIndex((each) => isSameJob(each, job)) + by];
    if (job.state !== "queued" || other === undefined) return {};
    return {
      jobs: jobs.map((each) => (isSameJob(each, job) ? other : isSameJob(each, other) ? job : each)),
    };
  });
}

function changeJob(job: AblationJob, change: Partial<AblationJob>): void {
  ablationStore.setState(({ jobs }) => ({
    jobs: jobs.map((each) => (isSameJob(each, job) ? { ...each, ...change } : each)),
  }));
}
