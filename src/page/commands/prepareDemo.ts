import { standardDemo } from "../../contract/dataset.ts";
import type { Engine } from "../../contract/protocol.ts";
import { configStore } from "../stores/configStore.ts";
import { datasetStore, noOwnImages } from "../stores/datasetStore.ts";
import { hasTeacher, runIsBusy } from "../stores/runStore.ts";
import { teacherStore } from "../stores/teacherStore.ts";
import { loadTeacher } from "./loadTeacher.ts";

/**
 * While the visitor looks at the page: the demo set and the bundled teacher, where the settings ask for them, so that
 * there are pictures to see and Start need not wait. Starts nothing.
 */
export async function prepareDemo(engine: Engine): Promise<void> {
  const isWanted = (): boolean => {
    const { summary, ingestion } = datasetStore.getState();
    return (
      configStore.getState().config.data === "demo" && summary === null && ingestion === null && !runIsBusy()
    );
  };
  if (!isWanted()) return;
  try {
    await engine.request("prepareDemo", { ...standardDemo, config: configStore.getState().config });
    if (!isWanted()) return;
    const summary = await engine.request("drawDemo", standardDemo);
    if (isWanted()) datasetStore.setState({ ...noOwnImages, summary });
    const { config } = configStore.getState();
    if (
      hasTeacher(config) &&
      config.teacher === "bundled" &&
      teacherStore.getState().status === "none" &&
      !runIsBusy()
    )
      await loadTeacher(engine, { kind: "bundled" });
  } catch {
    // Only a head start: whoever asks for images or teacher is told what went wrong.
  }
}
