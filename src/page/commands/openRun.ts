import type { Engine } from "../../contract/protocol.ts";
import { runHistory, type RunRecord } from "../stores/runHistory.ts";
import { runIsBusy, runStore } from "../stores/runStore.ts";
import { shownRunStore } from "../stores/shownRunStore.ts";
import { showView } from "../stores/viewStore.ts";
import { closeRun } from "./closeRun.ts";
import { keptStudent } from "./keepStudents.ts";
import { loadMetrics } from "./keptRuns.ts";

/** Shows a run again under Train: its curves, and where its student is kept and nothing is going, what that sees. */
export async function openRun(engine: Engine, runId: string): Promise<void> {
  await loadMetrics(engine, runId);
  if (runId === runStore.getState().runId) await closeRun(engine);
  else {
    const run = runHistory.getState().runs.find((one) => one.runId === runId);
    const weights = run === undefined || runIsBusy() ? null : await keptStudent(engine, runId);
    if (run === undefined || weights === null) {
      await closeRun(engine); // of another that may be open
      shownRunStore.setState({ runId });
    } else {
      shownRunStore.setState({ runId, hasStudent: true });
      await lookThrough(engine, run, weights);
    }
  }
  showView("train");
}

async function lookThrough(
  engine: Engine,
  { config, last }: RunRecord,
  weights: Uint8Array<ArrayBuffer>,
): Promise<void> {
  try {
    await engine.request("lookThrough", {
      student: { weights: new Uint8Array(weights), settings: config, step: last?.step ?? 0 },
    });
  } catch (error) {
    shownRunStore.setState({ hasStudent: false });
    throw error;
  }
}
