import { standardDemo } from "../../contract/dataset.ts";
import type { Engine } from "../../contract/protocol.ts";
import { configStore } from "../stores/configStore.ts";
import { datasetStore } from "../stores/datasetStore.ts";

/** While the visitor looks at the page: what a first click on Start would have to wait for. Shows nothing, starts nothing. */
export async function prepareDemo(engine: Engine): Promise<void> {
  const { summary, ingestion } = datasetStore.getState();
  const { config } = configStore.getState();
  if (config.data !== "demo" || summary !== null || ingestion !== null) return;
  try {
    await engine.request("prepareDemo", { ...standardDemo, config });
  } catch {
    // Only a head start: whoever asks for images or teacher is told what went wrong.
  }
}
