import type { BackendChoice } from "../../contract/backend.ts";
import { AppError, toWire } from "../../contract/errors.ts";
import type { EngineClient } from "../engine/engineClient.ts";
import { concludeRun } from "./engineEvents.ts";
import { datasetStore } from "../stores/datasetStore.ts";
import { engineStore } from "../stores/engineStore.ts";
import { notify, notifyError, withdrawNotices } from "../stores/noticeStore.ts";
import { runIsGoing } from "../stores/runStore.ts";
import { teacherStore } from "../stores/teacherStore.ts";
import { bundledTeacher, reloadTeacher } from "./loadTeacher.ts";

/** Probes the machine and readies a backend. A switch that is refused leaves the one before in place. */
export async function openBackend(engine: EngineClient, choice: BackendChoice): Promise<void> {
  const before = engineStore.getState();
  engineStore.setState({ status: "opening", choice, error: null });
  try {
    const report = await engine.request("openBackend", { choice });
    engineStore.setState({ status: "ready", report, progress: null });
    withdrawNotices("engine");
    await reloadTeacher(engine);
  } catch (error) {
    if (error instanceof AppError && error.code === "cancelled") return; // by a restart, which opens one itself
    notifyError(error, "engine");
    if (error instanceof AppError && error.code === "busy") engineStore.setState({ ...before });
    else if (engineStore.getState().status === "opening")
      engineStore.setState({ status: "failed", report: null, error: toWire(error), progress: null });
  }
}

/** A fresh worker in place of one that crashed or hangs. Images and teacher are gone with it; the visitor is told which. */
export async function restartEngine(engine: EngineClient): Promise<void> {
  const lost = whatIsLost();
  engine.restart();
  if (runIsGoing()) {
    const error = new AppError("backend-lost", "The engine was restarted while the run was going.", {
      hint: "Start begins a new run.",
    });
    concludeRun({ kind: "failed", error: toWire(error) });
  }
  datasetStore.setState(datasetStore.getInitialState(), true);
  teacherStore.setState(teacherStore.getInitialState(), true);
  if (lost.length > 0)
    notify("info", `The engine was restarted. Give it again: ${lost.join("; ")}.`, {
      hint: "They were in the memory of the one before. The built-in demo and the bundled teacher come by themselves.",
    });
  await openBackend(engine, engineStore.getState().choice);
}

/** What the visitor gave and the engine has. */
function whatIsLost(): readonly string[] {
  const { summary } = datasetStore.getState();
  const { card, status, asked } = teacherStore.getState();
  const isOwnTeacher = status === "ready" ? card?.source !== "bundled" : asked !== bundledTeacher;
  return [
    ...(summary?.kind === "own" ? [`the images, ${summary.count} from “${summary.name}”`] : []),
    ...(status !== "none" && isOwnTeacher ? [`the teacher, “${card?.name ?? asked}”`] : []),
  ];
}
