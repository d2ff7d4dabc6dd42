import { standardDemo } from "../../contract/dataset.ts";
import type { Config, ConfigPatch } from "../../contract/config.ts";
import { AppError } from "../../contract/errors.ts";
import type { KeptRunEntry } from "../../contract/keptRun.ts";
import type { ContinuedRun, Engine } from "../../contract/protocol.ts";
import { announceMetrics, replaceMetricLog } from "../metrics/metricArchive.ts";
import { replaceConfig } from "../stores/configStore.ts";
import { datasetStore, noOwnImages } from "../stores/datasetStore.ts";
import { engineStore } from "../stores/engineStore.ts";
import { keepEveryMs, keptEntry, keptStore } from "../stores/keptStore.ts";
import { notifyError, withdrawNotices } from "../stores/noticeStore.ts";
import { plotStore } from "../stores/plotStore.ts";
import { beginRun, hasTeacher, runIsBusy, runStore } from "../stores/runStore.ts";
import { showCurrentRun } from "../stores/shownRunStore.ts";
import { teacherStore } from "../stores/teacherStore.ts";
import { refreshKept } from "./keptRuns.ts";
import { hasLoadedBefore, loadAsBefore, loadTeacher } from "./loadTeacher.ts";
import { waitUntil } from "./waitUntil.ts";

export interface ContinueOptions {
  readonly paused?: boolean;
  /** Epochs beyond those it was to have. */
  readonly moreEpochs?: number;
  /** Live settings from now on. */
  readonly patch?: ConfigPatch;
  /** Whether the panels keep what they show, in place of the run's settings. */
  readonly keepsSettings?: boolean;
}

/** Goes on with a kept run where it was, curves and measurements included. Faults become notices. */
export async function continueRun(
  engine: Engine,
  runId: string,
  options: ContinueOptions = {},
): Promise<boolean> {
  if (runIsBusy()) return false;
  try {
    await goOnWithRun(engine, runId, options);
    return true;
  } catch (error) {
    notifyError(error, "run");
    return false;
  }
}

/** The same for who deals with faults. @throws AppError why it cannot go on. */
export async function goOnWithRun(engine: Engine, runId: string, options: ContinueOptions): Promise<void> {
  const { paused = false, moreEpochs = 0, patch = {} } = options;
  if (keptEntry(runId) === null) await refreshKept(engine);
  const entry = keptEntry(runId);
  if (entry === null || entry.checkpoint === null)
    throw new AppError("not-found", "There is nothing kept that this run could go on from.", {
      hint: "Start it again.",
    });
  const { record, checkpoint } = entry;
  const { config, plan } = record.run;
  const totalSteps = moreEpochs === 0 ? null : checkpoint.totalSteps + moreEpochs * plan.stepsPerEpoch;
  try {
    await prepareInputs(engine, entry);
  } finally {
    runStore.setState({ preparing: "" });
  }
  withdrawNotices("run");
  beginRun(runId, config);
  plotStore.setState({ zoom: null });
  showCurrentRun();
  try {
    const asked = { runId, paused, keepEveryMs: keepEveryMs(), totalSteps, patch };
    const continued = await engine.request("continueRun", asked);
    keptStore.setState({ offered: "" });
    showContinued(runId, entry, continued, options);
  } catch (error) {
    runStore.setState(runStore.getInitialState(), true);
    throw error;
  }
}

function showContinued(
  runId: string,
  { record }: KeptRunEntry,
  { plan, live, step, metrics, baseline, evaluations }: ContinuedRun,
  { patch = {}, moreEpochs = 0, keepsSettings = false }: ContinueOptions,
): void {
  replaceMetricLog(runId, metrics);
  const change = { ...patch, ...(moreEpochs === 0 ? {} : { steps: plan.totalSteps }) };
  const adjustments = [
    ...(record.run.adjustments ?? []),
    ...(Object.keys(change).length === 0 ? [] : [{ step, patch: change }]),
  ];
  if (runStore.getState().runId !== runId) return;
  runStore.setState({ config: live, plan, step, baseline, evaluations, adjustments });
  if (!keepsSettings) replaceConfig(live);
  announceMetrics();
}

/** Backend, images and teacher as the run had them: those that are there, that are kept, or were given in this visit. */
export async function prepareInputs(engine: Engine, entry: KeptRunEntry): Promise<void> {
  const { config } = entry.record.run;
  const say = (preparing: string): void => runStore.setState({ preparing });
  say("opening a backend");
  const { status, error } = await waitUntil(engineStore, (state) => state.status !== "opening");
  if (status !== "ready")
    throw new AppError(error?.code ?? "backend-unavailable", error?.message ?? "There is no backend.", {
      hint: "Restart the engine, or choose another backend under “Where training runs”.",
    });
  say("reading images");
  await waitUntil(datasetStore, (state) => state.ingestion === null);
  await prepareImages(engine, entry, say);
  if (hasTeacher(config)) {
    say("loading the teacher");
    await prepareTeacher(engine, entry, config);
  }
}

async function prepareImages(
  engine: Engine,
  { record, checkpoint }: KeptRunEntry,
  say: (preparing: string) => void,
): Promise<void> {
  const wanted = checkpoint?.dataFingerprint;
  const isThere = (): boolean => datasetStore.getState().summary?.fingerprint === wanted;
  const { dataset } = record.run;
  if (isThere() || wanted === undefined) return;
  if (dataset.kind === "demo") {
    say("drawing the demo images");
    const summary = await engine.request("drawDemo", standardDemo);
    datasetStore.setState({ ...noOwnImages, summary });
    return;
  }
  const summary = await engine.request("useKeptImages", { fingerprint: wanted });
  if (summary !== null) {
    datasetStore.setState({ ...noOwnImages, summary, origin: record.run.dataOrigin ?? null });
    return;
  }
  const { canReadAgain, readAgain } = await import("./loadImages.ts"); // large, and seldom needed
  if (canReadAgain()) {
    say("");
    await readAgain(engine);
  }
  if (isThere()) return;
  throw new AppError(
    "not-found",
    `The images of this run are not kept: ${dataset.count.toLocaleString("en")} from “${dataset.name}”.`,
    { hint: "Drop the same files on the page, then press Continue again." },
  );
}

async function prepareTeacher(
  engine: Engine,
  { record, checkpoint }: KeptRunEntry,
  config: Config,
): Promise<void> {
  const { status, card } = await waitUntil(teacherStore, (state) => state.status !== "loading");
  const isReady = status === "ready" && card !== null;
  if (config.teacher === "bundled") {
    if (!isReady || card.source !== "bundled") await loadTeacher(engine, { kind: "bundled" });
    return;
  }
  const hash = checkpoint?.teacherHash ?? null;
  const kept = hash === null ? null : await engine.request("readKeptTeacher", { hash });
  const origin = record.run.teacherOrigin ?? null;
  if (kept !== null) await loadTeacher(engine, { kind: "files", ...kept }, origin);
  else if (isReady && card.source !== "bundled")
    return; // the engine will see whether it is the one
  else if (hasLoadedBefore()) await loadAsBefore(engine);
  else
    throw new AppError(
      "not-found",
      `The teacher of this run is not kept: “${record.run.teacher?.name ?? "a file of your own"}”.`,
      { hint: "Give the same file under “Teacher”, then press Continue again." },
    );
}
