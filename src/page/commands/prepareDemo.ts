import { standardDemo } from "../../contract/dataset.ts";
import type { Engine } from "../../contract/protocol.ts";
import { configStore } from "../stores/configStore.ts";
import { datasetStore } from "../stores/datasetStore.ts";
import { engineStore } from "../stores/engineStore.ts";
import { runIsBusy } from "../stores/runStore.ts";
import { teacherStore } from "../stores/teacherStore.ts";
import { loadTeacher } from "./loadTeacher.ts";

/**
 * Makes the demo set and the bundled teacher ready while the visitor still looks around, so that Start starts. What
 * fails here fails again at Start, and is told then.
 */
export async function prepareDemo(engine: Engine): Promise<void> {
  const isWanted = (): boolean => {
    const { summary, ingestion } = datasetStore.getState();
    const { data } = configStore.getState().config;
    return data === "demo" && summary === null && ingestion === null && !runIsBusy();
  };
  if (engineStore.getState().status !== "ready" || !isWanted()) return;
  try {
    const summary = await engine.request("drawDemo", standardDemo);
    if (!isWanted()) return;
    datasetStore.setState({ summary, rejects: [], origin: null });
    const { config } = configStore.getState();
    const { status } = teacherStore.getState();
    if (config.teacher === "bundled" && status === "none") await loadTeacher(engine, { kind: "bundled" });
  } catch {
    // At Start again.
  }
}
