/** What the page does about runs that are kept on this machine. */
import type { Config } from "../../contract/config.ts";
import { toWire } from "../../contract/errors.ts";
import type { KeptList, KeptRun, KeptRunEntry } from "../../contract/keptRun.ts";
import type { Engine, RunEnd } from "../../contract/protocol.ts";
import { metricColumns, type MetricName } from "../../contract/metrics.ts";
import { hasMetricLog, metricLogOf, replaceMetricLog } from "../metrics/metricArchive.ts";
import { lastRow } from "../metrics/metricLog.ts";
import { ablationStore } from "../stores/ablationStore.ts";
import { datasetStore } from "../stores/datasetStore.ts";
import { keptEntry, keptStore } from "../stores/keptStore.ts";
import { notify, notifyError, withdrawNotices } from "../stores/noticeStore.ts";
import { rememberRun, runHistory, type RunRecord } from "../stores/runHistory.ts";
import { runIsBusy, runIsGoing, runStore, type CurrentRun } from "../stores/runStore.ts";
import { judgeRun } from "../verdict/verdict.ts";
import { currentRunFile } from "./exportRun.ts";
import { runName } from "./runName.ts";

/** Of ended runs, those that can be made longer: the newest, whose checkpoints take no more than this. */
const mostBytes = 256e6;

/**
 * Keeps every run: writes what is known of it when it begins, changes and ends, has a checkpoint taken when the page is
 * hidden, and brings back what earlier visits have left.
 *
 * @returns a function that ends it.
 */
export function followKept(engine: Engine): () => void {
  void lookForInterrupted(engine);
  if (runIsGoing()) void saveCurrent(engine); // it was faster
  const stopEvents = engine.subscribe((event) => {
    if (event.type === "keepingFailed" && event.runId === runStore.getState().runId) {
      keptStore.setState({ problem: event.error });
      notify("error", `This run is not kept: ${event.error.message}`, {
        hint: `${event.error.hint ?? ""} It goes on in memory.`.trim(),
        cause: "keeping",
      });
    }
    if (event.type === "runEnded" && event.runId === runStore.getState().runId)
      void concludeKept(engine, event.runId, event.end);
  });
  const stopStore = runStore.subscribe((run, before) => {
    if (run.runId !== before.runId) {
      keptStore.setState({ problem: null });
      withdrawNotices("keeping");
    }
    const isPlanned = run.plan !== null && before.plan === null && run.runId === before.runId;
    const isAdjusted = run.adjustments !== before.adjustments && run.runId === before.runId;
    if (runIsGoing(run) && run.plan !== null && (isPlanned || isAdjusted)) void saveCurrent(engine);
    if (isPlanned && datasetStore.getState().summary?.kind === "own") void askToKeep();
  });
  const hide = (): void => {
    const { runId } = runStore.getState();
    if (document.visibilityState === "hidden" && runIsGoing())
      engine.request("keepRun", { runId }).catch(() => undefined);
  };
  document.addEventListener("visibilitychange", hide);
  return () => {
    stopEvents();
    stopStore();
    document.removeEventListener("visibilitychange", hide);
  };
}

/** Has the browser not clear what is kept when the disk fills up, if it is willing. */
async function askToKeep(): Promise<void> {
  try {
    if (!(await navigator.storage.persisted())) await navigator.storage.persist();
  } catch {
    // Where it cannot be asked, it decides by itself.
  }
}

/** Asks anew what is kept, and brings runs that are over into the list of runs. */
export async function refreshKept(engine: Engine): Promise<void> {
  try {
    takeList(await engine.request("listKept", null));
  } catch (error) {
    notifyError(error, "keeping"); // the run itself is not touched
  }
}

function takeList(list: KeptList): void {
  keptStore.setState({ list });
  const { runId: current } = runStore.getState();
  const known = new Map(runHistory.getState().runs.map((run) => [run.runId, run]));
  for (const { record } of list.runs)
    if (record.runId !== current || !runIsGoing()) known.set(record.runId, recordOfHistory(record));
  runHistory.setState({ runs: [...known.values()] });
}

/** A page that was reloaded holds its runs for a moment longer. */
async function lookForInterrupted(engine: Engine): Promise<void> {
  for (let looks = 0; looks < 3; looks++) {
    await refreshKept(engine);
    offerInterrupted();
    const { list, offered } = keptStore.getState();
    if (offered !== "" || list?.runs.some(({ isElsewhere }) => isElsewhere) !== true) return;
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

/** The newest run that was broken off, and is not an ablation's to go on with. */
function offerInterrupted(): void {
  const { list } = keptStore.getState();
  if (runIsBusy()) return;
  const { jobs } = ablationStore.getState();
  const ofAblation = new Set(jobs.map(({ runId }) => runId));
  const last = list?.runs.findLast((entry) => isInterrupted(entry) && !ofAblation.has(entry.record.runId));
  keptStore.setState({ offered: last?.record.runId ?? "" });
}

/** Whether it stopped without anybody having said so. */
function isInterrupted({ record, checkpoint, isElsewhere }: KeptRunEntry): boolean {
  return record.run.metrics.end === null && checkpoint !== null && !isElsewhere;
}

/** Puts a run on offer, once what is kept of it is known. */
export async function offerRun(engine: Engine, runId: string): Promise<boolean> {
  await refreshKept(engine);
  const hasCheckpoint = (keptEntry(runId)?.checkpoint ?? null) !== null;
  if (hasCheckpoint) keptStore.setState({ offered: runId });
  return hasCheckpoint;
}

/** What is known of the present run, as it is to be kept; null before its plan. */
export function currentRecord(): KeptRun | null {
  const run = runStore.getState();
  if (run.plan === null || run.config === null) return null;
  const before = keptEntry(run.runId)?.record;
  const file = currentRunFile();
  return {
    format: "disco-playground-kept-run",
    formatVersion: 1,
    runId: run.runId,
    name: before?.name ?? runName(run.config),
    note: before?.note ?? "",
    starred: before?.starred ?? false,
    startedAt: before?.startedAt ?? new Date().toISOString(),
    ablation: before?.ablation ?? ablationStore.getState().jobs.some(({ runId }) => runId === run.runId),
    verdict: run.end === null ? (before?.verdict ?? "") : verdictAtEnd(run, run.config),
    run: { ...file, metrics: { ...file.metrics, end: lastingEnd(run.end) } },
  };
}

/** What the page says of a run that is over, in a few words: "Close to its teacher". */
function verdictAtEnd({ runId, ...run }: CurrentRun, config: Config): string {
  return judgeRun({ ...run, config, log: metricLogOf(runId) }).headline;
}

/** What failed may go on, from its checkpoint: it has not come to an end. */
function lastingEnd(end: RunEnd | null): RunEnd | null {
  return end?.kind === "failed" ? null : end;
}

async function concludeKept(engine: Engine, runId: string, end: RunEnd): Promise<void> {
  await saveCurrent(engine);
  await tidyUp(engine);
  if (end.kind === "diverged") await offerRun(engine, runId);
}

async function saveCurrent(engine: Engine): Promise<void> {
  const record = currentRecord();
  if (record !== null) await saveRecord(engine, record);
}

export async function saveRecord(engine: Engine, record: KeptRun): Promise<void> {
  try {
    await engine.request("saveKept", { record, student: null });
    keptStore.setState(({ list }) => ({
      list: list && { ...list, runs: list.runs.map((entry) => replaced(entry, record)) },
    }));
    runHistory.setState(({ runs }) => ({
      runs: runs.map((run) => (run.runId === record.runId ? { ...run, name: record.name } : run)),
    }));
  } catch (error) {
    keptStore.setState({ problem: toWire(error) });
    notifyError(error, "keeping");
  }
}

function replaced(entry: KeptRunEntry, record: KeptRun): KeptRunEntry {
  return entry.record.runId === record.runId ? { ...entry, record } : entry;
}

/** After a run: the list anew, and the oldest checkpoints of ended runs gone. */
async function tidyUp(engine: Engine): Promise<void> {
  await refreshKept(engine);
  const { list } = keptStore.getState();
  if (list === null) return;
  let bytes = 0;
  const over: string[] = [];
  for (const entry of [...list.runs].reverse()) {
    if (entry.checkpoint === null || entry.record.run.metrics.end === null) continue;
    bytes += entry.bytes;
    if (bytes > mostBytes) over.push(entry.record.runId);
  }
  if (over.length > 0) await dropCheckpoints(engine, over);
}

async function dropCheckpoints(engine: Engine, runIds: readonly string[]): Promise<void> {
  try {
    takeList(await engine.request("deleteKept", { runIds, only: "checkpoints" }));
  } catch (error) {
    notifyError(error, "keeping");
  }
}

/** Makes room: everything that ended runs could go on from, images and teachers included. */
export async function makeRoom(engine: Engine): Promise<void> {
  const { list } = keptStore.getState();
  const ended = list?.runs.filter(({ record }) => record.run.metrics.end !== null) ?? [];
  await dropCheckpoints(
    engine,
    ended.map(({ record }) => record.runId),
  );
  withdrawNotices("keeping");
}

export async function deleteRuns(engine: Engine, runIds: readonly string[]): Promise<void> {
  try {
    const gone = new Set(runIds);
    runHistory.setState(({ runs }) => ({ runs: runs.filter(({ runId }) => !gone.has(runId)) }));
    takeList(await engine.request("deleteKept", { runIds }));
  } catch (error) {
    notifyError(error, "keeping");
  }
}

/** The run on offer will not go on; what is known of it stays in the list. */
export async function discardOffer(engine: Engine): Promise<void> {
  const { offered } = keptStore.getState();
  const entry = keptEntry(offered);
  if (entry === null) return;
  const { metrics } = await engine.request("readKept", { runId: offered });
  const { run } = entry.record;
  replaceMetricLog(offered, metrics);
  const last = lastRow(metricLogOf(offered));
  const record: KeptRun = {
    ...entry.record,
    run: {
      ...run,
      metrics: {
        ...run.metrics,
        end: run.metrics.end ?? { kind: "stopped" },
        steps: last?.step ?? run.metrics.steps,
        elapsedMs: last?.elapsedMs ?? run.metrics.elapsedMs,
        last: last ?? run.metrics.last,
      },
    },
  };
  await saveRecord(engine, record);
  rememberRun(recordOfHistory(record));
  await dropCheckpoints(engine, [offered]);
  keptStore.setState({ offered: "" });
}

/** Brings the metrics of a run of an earlier visit into the page, so that its curves can be drawn. */
export async function loadMetrics(engine: Engine, runId: string): Promise<void> {
  if (hasMetricLog(runId) || keptEntry(runId) === null) return;
  const { metrics } = await engine.request("readKept", { runId });
  replaceMetricLog(runId, metrics);
}

function recordOfHistory({ runId, name, ablation, run }: KeptRun): RunRecord {
  const { config, plan, dataset, teacher, metrics } = run;
  const last = metricColumns.every((column) => column in metrics.last)
    ? (metrics.last as Record<MetricName, number>)
    : null;
  return {
    runId,
    name,
    config,
    plan,
    end: metrics.end ?? { kind: "stopped" },
    baseline: metrics.baseline,
    evaluations: metrics.evaluations,
    last,
    datasetName: dataset.name,
    dataFingerprint: run.dataFingerprint,
    teacherName: teacher?.name ?? "",
    ablation,
  };
}
