import type { BackendChoice } from "../../contract/backend.ts";
import { AppError, toWire } from "../../contract/errors.ts";
import type { EngineClient } from "../engineClient.ts";
import { datasetStore } from "../stores/datasetStore.ts";
import { engineStore } from "../stores/engineStore.ts";
import { notifyError } from "../stores/noticeStore.ts";
import { teacherStore } from "../stores/teacherStore.ts";
import { reloadTeacher } from "./loadTeacher.ts";

/** Probes the machine and readies a backend. A switch that is refused leaves the one before in place. */
export async function openBackend(engine: EngineClient, choice: BackendChoice): Promise<void> {
  const before = engineStore.getState();
  engineStore.setState({ status: "opening", choice, error: null });
  try {
    const report = await engine.request("openBackend", { choice });
    engineStore.setState({ status: "ready", report, progress: null });
    await reloadTeacher(engine);
  } catch (error) {
    notifyError(error);
    if (error instanceof AppError && error.code === "busy") engineStore.setState({ ...before });
    else if (engineStore.getState().status === "opening")
      engineStore.setState({ status: "failed", report: null, error: toWire(error), progress: null });
  }
}

/** A fresh worker in place of one that crashed or hangs. Images and teacher are gone with it. */
export async function restartEngine(engine: EngineClient): Promise<void> {
  engine.restart();
  datasetStore.setState(datasetStore.getInitialState(), true);
  teacherStore.setState(teacherStore.getInitialState(), true);
  await openBackend(engine, engineStore.getState().choice);
}
