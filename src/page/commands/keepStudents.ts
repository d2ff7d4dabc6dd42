import type { Engine } from "../../contract/protocol.ts";
import { keptStore } from "../stores/keptStore.ts";
import { keptStudents } from "../stores/keptStudents.ts";
import { runStore } from "../stores/runStore.ts";
import { saveFile } from "../widgets/saveFile.ts";

/** The engine holds one student; those of earlier runs stay here as files, up to so many bytes, oldest gone first. */
const mostBytes = 128e6;

/**
 * Keeps the student of every run that ends after its first step, so that Start discards nothing, and has the browser ask
 * before the page is left with a run going or a student that was never downloaded.
 *
 * @returns a function that ends it.
 */
export function keepStudents(engine: Engine): () => void {
  const stop = engine.subscribe((event) => {
    if (event.type !== "runEnded" || event.runId !== runStore.getState().runId) return;
    if (event.end.kind === "failed" || runStore.getState().plan === null) return;
    void keep(engine, event.runId);
  });
  const ask = (event: BeforeUnloadEvent): void => {
    const { state } = runStore.getState();
    // What is kept on this machine is here again the next time.
    const { list, problem } = keptStore.getState();
    if (list?.place === "disk" && problem === null) return;
    if (state === "running" || state === "paused" || !keptStudents.getState().isSaved) event.preventDefault();
  };
  addEventListener("beforeunload", ask);
  return () => {
    stop();
    removeEventListener("beforeunload", ask);
  };
}

async function keep(engine: Engine, runId: string): Promise<void> {
  try {
    const file = await engine.request("exportStudent", { runId, withHead: true });
    const files = new Map(keptStudents.getState().files).set(runId, file);
    let total = [...files.values()].reduce((sum, { bytes }) => sum + bytes.length, 0);
    for (const [oldest, { bytes }] of files) {
      if (total <= mostBytes || oldest === runId) break;
      files.delete(oldest);
      total -= bytes.length;
    }
    keptStudents.setState({ files, isSaved: false });
    const { currentRecord } = await import("./keptRuns.ts");
    const record = currentRecord();
    if (record?.runId === runId)
      await engine.request("saveKept", { record, student: new Uint8Array(file.bytes) });
  } catch {
    // The next run began at once: its student is what counts.
  }
}

/** The student of an earlier run, head included, of this visit or kept on this machine; null where it is neither. */
export async function keptStudent(engine: Engine, runId: string): Promise<Uint8Array<ArrayBuffer> | null> {
  const bytes = keptStudents.getState().files.get(runId)?.bytes;
  return bytes ?? (await engine.request("readKept", { runId })).student;
}

/** Downloads the student of an earlier run, head included. */
export async function saveKeptStudent(engine: Engine, runId: string): Promise<void> {
  const bytes = await keptStudent(engine, runId);
  if (bytes === null) return;
  saveFile("student.safetensors", bytes);
  keptStudents.setState({ isSaved: true });
}
