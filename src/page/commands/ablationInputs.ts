import { AppError } from "../../contract/errors.ts";
import type { KeptRunEntry } from "../../contract/keptRun.ts";
import type { Engine } from "../../contract/protocol.ts";
import type { AblationJob } from "../../contract/ablationJob.ts";
import { ablationStore } from "../stores/ablationStore.ts";
import { datasetStore, noOwnImages } from "../stores/datasetStore.ts";
import { keptEntry } from "../stores/keptStore.ts";
import { hasTeacher } from "../stores/runStore.ts";
import { goOnWithRun, prepareInputs } from "./continueRun.ts";
import { refreshKept } from "./keptRuns.ts";

/**
 * Images and teacher that the runs so far were on, after a reload: from where they are kept. Nothing is done where the
 * images are there, or where there was no run yet.
 *
 * @throws AppError when the images are others and those are not kept: runs on different images do not compare.
 */
export async function bringBackInputs(engine: Engine): Promise<void> {
  const { dataFingerprint, config, jobs } = ablationStore.getState();
  const isThere = (): boolean => datasetStore.getState().summary?.fingerprint === dataFingerprint;
  if (dataFingerprint === "" || config === null || config.data === "demo" || isThere()) return;
  await refreshKept(engine);
  const kept = jobs.flatMap(({ runId }) => keptEntry(runId) ?? []).filter(hasCheckpoint);
  const entry = kept.find(({ record }) => hasTeacher(record.run.config)) ?? kept[0];
  if (entry !== undefined) await prepareInputs(engine, entry);
  else {
    const summary = await engine.request("useKeptImages", { fingerprint: dataFingerprint });
    if (summary !== null) datasetStore.setState({ ...noOwnImages, summary });
  }
  if (!isThere())
    throw new AppError("not-found", "The images of this ablation are not kept.", {
      hint: "Drop the same files on the page, then press Continue again.",
    });
}

function hasCheckpoint({ checkpoint }: KeptRunEntry): boolean {
  return checkpoint !== null;
}

/**
 * Goes on with a job's run from its checkpoint, where it was broken off: by a reload, or with its engine.
 *
 * @returns its id; null where there is none that could go on, so that it is to begin anew.
 */
export async function goOnWithJob(engine: Engine, { runId }: AblationJob): Promise<string | null> {
  if (runId === "") return null;
  await refreshKept(engine);
  const entry = keptEntry(runId);
  if (entry === null || entry.checkpoint === null || entry.isElsewhere) return null;
  if (entry.record.run.metrics.end !== null) return null;
  try {
    await goOnWithRun(engine, runId, { keepsSettings: true });
    return runId;
  } catch {
    return null; // its checkpoint cannot be read, or is of another program: from the beginning, then
  }
}
