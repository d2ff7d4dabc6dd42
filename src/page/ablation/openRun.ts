import type { Engine } from "../../contract/protocol.ts";
import { loadMetrics } from "../commands/keptRuns.ts";
import { runStore } from "../stores/runStore.ts";
import { shownRunStore } from "../stores/shownRunStore.ts";
import { showView } from "../stores/viewStore.ts";

/** Shows a run's curves under Train, as the list of runs does. */
export async function openRun(engine: Engine, runId: string): Promise<void> {
  await loadMetrics(engine, runId);
  shownRunStore.setState({ runId: runId === runStore.getState().runId ? "" : runId });
  showView("train");
}
