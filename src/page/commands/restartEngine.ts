import { toWire, AppError } from "../../contract/errors.ts";
import type { EngineClient } from "../engine/engineClient.ts";
import { ablationStore } from "../stores/ablationStore.ts";
import { datasetStore, noOwnImages } from "../stores/datasetStore.ts";
import { engineStore } from "../stores/engineStore.ts";
import { keptEntry } from "../stores/keptStore.ts";
import { notify, withdrawNotices } from "../stores/noticeStore.ts";
import { runIsGoing, runStore } from "../stores/runStore.ts";
import { teacherStore } from "../stores/teacherStore.ts";
import { continueAblation } from "./ablation.ts";
import { continueRun } from "./continueRun.ts";
import { concludeRun } from "./engineEvents.ts";
import { offerRun } from "./keptRuns.ts";
import { bundledTeacher, hasLoadedBefore, loadAsBefore } from "./loadTeacher.ts";
import { openBackend } from "./openBackend.ts";

/**
 * A fresh worker in place of one that crashed or hangs. The visitor's images and teacher come back from where they are kept
 * or from their files, and the run goes on from its last checkpoint. What does not come back is named.
 *
 * @param wasPaused of a run that has ended with its engine.
 */
export async function restartEngine(engine: EngineClient, wasPaused = false): Promise<void> {
  const run = runStore.getState();
  const isBrokenOff =
    runIsGoing(run) || (run.end?.kind === "failed" && run.end.error.code === "backend-lost");
  const { summary } = datasetStore.getState();
  const { card, status, asked } = teacherStore.getState();
  const isOwnTeacher = status === "ready" ? card?.source !== "bundled" : asked !== bundledTeacher;
  const teacher = status !== "none" && isOwnTeacher ? (card?.name ?? asked) : null;

  engine.restart();
  if (runIsGoing()) {
    const error = new AppError("backend-lost", "The engine was restarted while the run was going.", {
      hint: "Start begins afresh.",
    });
    concludeRun({ kind: "failed", error: toWire(error) });
  }
  datasetStore.setState(datasetStore.getInitialState(), true);
  teacherStore.setState(teacherStore.getInitialState(), true);
  await openBackend(engine, engineStore.getState().choice);
  if (engineStore.getState().status !== "ready" && engineStore.getState().choice !== "auto")
    await openBackend(engine, "auto"); // a GPU that does not come back
  if (engineStore.getState().status !== "ready") return;

  const lost: string[] = [];
  if (summary?.kind === "own" && !(await bringImages(engine, summary.fingerprint)))
    lost.push(`the images, ${summary.count} from “${summary.name}”`);
  if (teacher !== null && !(await bringTeacher(engine))) lost.push(`the teacher, “${teacher}”`);
  if (lost.length > 0)
    notify("info", `The engine was restarted. Give it again: ${lost.join("; ")}.`, {
      hint: "They were in the memory of the one before. The built-in demo and the bundled teacher come by themselves.",
    });
  if (isBrokenOff && run.plan !== null) await goOn(engine, run.runId, wasPaused || run.state === "paused");
}

async function bringImages(engine: EngineClient, fingerprint: string): Promise<boolean> {
  const summary = await engine.request("useKeptImages", { fingerprint });
  if (summary !== null) datasetStore.setState({ ...noOwnImages, summary });
  else {
    const { canReadAgain, readAgain } = await import("./loadImages.ts"); // large, and seldom needed
    if (canReadAgain()) await readAgain(engine);
  }
  return datasetStore.getState().summary?.fingerprint === fingerprint;
}

async function bringTeacher(engine: EngineClient): Promise<boolean> {
  if (!hasLoadedBefore()) return false;
  return loadAsBefore(engine).then(
    () => true,
    () => false,
  );
}

/** The jobs of an ablation are their queue's to go on with; it does, unless it was paused. */
async function goOn(engine: EngineClient, runId: string, paused: boolean): Promise<void> {
  const job = ablationStore.getState().jobs.find((each) => each.runId === runId);
  if (job !== undefined) {
    if (job.state === "queued" && !paused) void continueAblation(engine);
    return;
  }
  if (!(await offerRun(engine, runId))) return;
  const step = keptEntry(runId)?.checkpoint?.step ?? 0;
  if (!(await continueRun(engine, runId, { paused }))) return;
  withdrawNotices("engine");
  notify("info", `The engine was lost and replaced; the run went on from step ${step}.`, { cause: "engine" });
}
