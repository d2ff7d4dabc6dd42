import type { BackendChoice } from "../../contract/backend.ts";
import { AppError, toWire } from "../../contract/errors.ts";
import type { EngineClient } from "../engine/engineClient.ts";
import { engineStore } from "../stores/engineStore.ts";
import { notifyError, withdrawNotices } from "../stores/noticeStore.ts";
import { reloadTeacher } from "./loadTeacher.ts";

/** Probes the machine and readies a backend. A switch that is refused leaves the one before in place. */
export async function openBackend(engine: EngineClient, choice: BackendChoice): Promise<void> {
  const before = engineStore.getState();
  engineStore.setState({ status: "opening", choice, error: null });
  try {
    const report = await engine.request("openBackend", { choice, oneThread: before.oneThread });
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
