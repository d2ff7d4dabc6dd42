import type { Config } from "../../contract/config.ts";
import { standardDemo } from "../../contract/dataset.ts";
import { AppError, toWire } from "../../contract/errors.ts";
import type { RunEnd } from "../../contract/protocol.ts";
import type { Engine } from "../../contract/protocol.ts";
import { metricLogOf } from "../metrics/metricArchive.ts";
import { configStore } from "../stores/configStore.ts";
import { datasetStore, noOwnImages } from "../stores/datasetStore.ts";
import { engineStore } from "../stores/engineStore.ts";
import { keepEveryMs, keptStore } from "../stores/keptStore.ts";
import { notifyError, withdrawNotices } from "../stores/noticeStore.ts";
import { plotStore } from "../stores/plotStore.ts";
import { beginRun, hasTeacher, runIsBusy, runIsGoing, runStore } from "../stores/runStore.ts";
import { showCurrentRun } from "../stores/shownRunStore.ts";
import { teacherStore } from "../stores/teacherStore.ts";
import { loadTeacher } from "./loadTeacher.ts";
import { newRunId } from "./newRunId.ts";
import { waitUntil } from "./waitUntil.ts";

/** What the Start button does: whatever is missing is made ready, then the run begins. Faults become notices. */
export async function startRun(engine: Engine, { paused = false } = {}): Promise<void> {
  if (runIsBusy()) return;
  try {
    const config = await prepareRun(engine, presentConfig);
    withdrawNotices("run");
    await launchRun(engine, config, paused);
  } catch (error) {
    notifyError(error, "run");
  }
}

/** The settings as the panels show them at this moment. */
export function presentConfig(): Config {
  return configStore.getState().config;
}

/**
 * Backend, images and teacher as the configuration asks for. The demo set and the bundled teacher are fetched here.
 *
 * Settings may change while this waits: reading what the visitor dropped sets `data`, a teacher that was refused sets
 * `teacher` back. So they are asked for when they are needed, and once more at the end.
 *
 * @returns the configuration that everything is ready for.
 * @throws AppError what is missing and how to provide it; `cancelled` when `stopRun` came in between.
 */
export async function prepareRun(engine: Engine, configOf: () => Config): Promise<Config> {
  const say = (preparing: string): void => runStore.setState({ preparing });
  const unlessStopped = (): void => {
    if (runStore.getState().preparing === "")
      throw new AppError("cancelled", "Stopped before the run began.");
  };
  try {
    for (;;) {
      say("opening a backend");
      await requireBackend();
      unlessStopped();
      say("reading images");
      const loaded = await imagesAtRest();
      unlessStopped();
      const config = configOf();
      requireImages(config, loaded);
      if (config.data === "demo" && datasetStore.getState().summary?.kind !== "demo") {
        say("drawing the demo images");
        const summary = await engine.request("drawDemo", standardDemo);
        datasetStore.setState({ ...noOwnImages, summary });
        unlessStopped();
      }
      if (hasTeacher(config)) {
        await prepareTeacher(engine, configOf, say);
        unlessStopped();
      }
      if (isReadyFor(config, configOf())) return configOf();
    }
  } finally {
    say("");
  }
}

async function requireBackend(): Promise<void> {
  const { status, error } = await waitUntil(engineStore, (state) => state.status !== "opening");
  if (status === "ready") return;
  throw new AppError(
    error?.code ?? "backend-unavailable",
    error?.message ?? "There is no backend to run on.",
    { hint: "Restart the engine, or choose another backend under “Where training runs”." },
  );
}

/** @returns "none" where images were being read and none came of it, "unasked" where nothing was being read. */
async function imagesAtRest(): Promise<"own" | "demo" | "none" | "unasked"> {
  const { ingestion, summary: former } = datasetStore.getState();
  if (ingestion === null) return "unasked";
  const { summary } = await waitUntil(datasetStore, (state) => state.ingestion === null);
  return summary === former ? "none" : (summary?.kind ?? "none");
}

function requireImages(config: Config, loaded: Awaited<ReturnType<typeof imagesAtRest>>): void {
  if (loaded === "none")
    throw new AppError("not-found", "The run was not started: no images came of what was being read.", {
      hint: "Give other images, or press Start again to train on those that are there.",
    });
  if (loaded === "own" && config.data === "demo")
    throw new AppError(
      "not-found",
      "The run was not started: it is one on the demo, and images were given.",
      {
        hint: "Start a new one to train on the images given, or choose the built-in demo first.",
      },
    );
  if (config.data === "own" && datasetStore.getState().summary?.kind !== "own")
    throw new AppError("not-found", "There are no images of your own yet.", {
      hint: "Drop a folder or a zip on “Data”, or use the built-in demo.",
    });
}

/** Whether nothing that is made ready here was changed, or is about to be, since it was. */
function isReadyFor(config: Config, now: Config): boolean {
  const isAtRest =
    datasetStore.getState().ingestion === null &&
    engineStore.getState().status === "ready" &&
    teacherStore.getState().status !== "loading";
  const isSame =
    now.data === config.data && (!hasTeacher(now) || (hasTeacher(config) && now.teacher === config.teacher));
  return isAtRest && isSame;
}

async function prepareTeacher(
  engine: Engine,
  configOf: () => Config,
  say: (task: string) => void,
): Promise<void> {
  say("loading the teacher");
  const isLoading = teacherStore.getState().status === "loading";
  const { status, card, error } = await waitUntil(teacherStore, (state) => state.status !== "loading");
  if (isLoading && error !== null)
    throw new AppError("not-found", "The run was not started: its teacher could not be loaded.", {
      hint: "The teacher's panel says why. Give another one, or press Start again to use the one that is there.",
    });
  const ready = status === "ready" && card !== null;
  const { teacher } = configOf();
  if (teacher === "bundled" && !(ready && card.source === "bundled")) {
    await loadTeacher(engine, { kind: "bundled" });
  } else if (teacher === "own" && !(ready && card.source !== "bundled")) {
    throw new AppError("not-found", "There is no teacher of your own yet.", {
      hint: "Give its file under “Teacher”, or choose the bundled one.",
    });
  } else if (teacher === "none") {
    throw new AppError("config-invalid", "DisCo needs a teacher, and none is chosen.", {
      hint: "Choose a teacher, or the method MoCo-v2, which learns without one.",
    });
  }
}

/**
 * Begins a run and makes it the current one.
 *
 * @returns its id.
 * @throws AppError why the engine refuses it.
 */
export async function launchRun(engine: Engine, config: Config, paused = false): Promise<string> {
  const runId = newRunId();
  metricLogOf(runId);
  beginRun(runId, config);
  plotStore.setState({ zoom: null });
  showCurrentRun();
  keptStore.setState({ offered: "" });
  try {
    const plan = await engine.request("startRun", { runId, config, paused, keepEveryMs: keepEveryMs() });
    if (runStore.getState().runId === runId) runStore.setState({ plan });
    return runId;
  } catch (error) {
    if (runStore.getState().runId === runId)
      runStore.setState({ state: "ended", end: { kind: "failed", error: toWire(error) } });
    throw error;
  }
}

/** How the run ended, once it has. */
export async function endOf(runId: string): Promise<RunEnd> {
  const run = await waitUntil(runStore, (state) => state.runId !== runId || state.end !== null);
  return run.runId === runId && run.end !== null ? run.end : { kind: "stopped" };
}

export async function pauseRun(engine: Engine): Promise<void> {
  const { runId, state } = runStore.getState();
  if (state === "running" || state === "starting") await steer(engine.request("pauseRun", { runId }));
}

export async function resumeRun(engine: Engine): Promise<void> {
  const { runId, state } = runStore.getState();
  if (state === "paused") await steer(engine.request("resumeRun", { runId }));
}

/** One step of the paused run; without a run, the first step of a new one. */
export async function stepRun(engine: Engine): Promise<void> {
  if (!runIsBusy()) {
    await startRun(engine, { paused: true });
    await waitUntil(runStore, (run) => run.state !== "starting");
  }
  const { runId, state } = runStore.getState();
  if (state === "paused") await steer(engine.request("stepRun", { runId }));
}

/** Ends the run, or what is being made ready for one. */
export async function stopRun(engine: Engine): Promise<void> {
  runStore.setState({ preparing: "" });
  if (runIsGoing()) await steer(engine.request("stopRun", { runId: runStore.getState().runId }));
}

/** The main button: start, pause or go on, whichever makes sense now. */
export async function toggleRun(engine: Engine): Promise<void> {
  const { state } = runStore.getState();
  if (state === "running") await pauseRun(engine);
  else if (state === "paused") await resumeRun(engine);
  else await startRun(engine);
}

/** A command that came too late, for a run that has just ended, is no fault. */
async function steer(request: Promise<unknown>): Promise<void> {
  try {
    await request;
  } catch (error) {
    if (runIsGoing()) notifyError(error);
  }
}
