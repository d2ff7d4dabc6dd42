import { AppError } from "../../contract/errors.ts";
import type { Engine } from "../../contract/protocol.ts";
import type { RunFile } from "../../contract/runFile.ts";
import type { StudentWitness } from "../../contract/studentAnswers.ts";
import { requestExport } from "../engine/exportClient.ts";
import { datasetStore } from "../stores/datasetStore.ts";
import { keptEntry } from "../stores/keptStore.ts";
import { exportStore } from "../stores/exportStore.ts";
import { runStore } from "../stores/runStore.ts";
import { saveFile } from "../widgets/saveFile.ts";
import { currentRunFile } from "./exportRun.ts";
import { keptStudent } from "./keepStudents.ts";
import { keptStudents } from "../stores/keptStudents.ts";
import { runName } from "./runName.ts";

const say = (task: string): void => exportStore.setState({ task });

/**
 * The student of the current or last run as `student.zip`: packed, every model in it tried, and only then saved.
 *
 * @throws AppError when there is none, when nothing was chosen, or when a model does not say what the student says.
 */
export function takeStudentAway(engine: Engine): Promise<void> {
  return packStudent(async () => {
    const run = currentRunFile();
    const { runId } = runStore.getState();
    const witness = await engine.request("witnessStudent", { runId });
    const { bytes: weights } = await engine.request("exportStudent", { runId, withHead: true });
    return { runId, run, weights, witness };
  });
}

/**
 * The same of a run that is kept.
 *
 * @throws AppError as above, and while a run is going.
 */
export function takeKeptStudentAway(engine: Engine, runId: string): Promise<void> {
  return packStudent(async () => {
    const entry = keptEntry(runId);
    const weights = await keptStudent(engine, runId);
    if (entry === null || weights === null)
      throw new AppError("not-found", "This run’s student is not kept.");
    const { run } = entry.record;
    const witness = await engine.request("witnessFile", {
      weights: new Uint8Array(weights), // what is given goes over to the engine
      settings: run.config,
    });
    return { runId, run, weights, witness };
  });
}

interface AskedStudent {
  readonly runId: string;
  readonly run: RunFile;
  readonly weights: Uint8Array<ArrayBuffer>;
  readonly witness: StudentWitness;
}

async function packStudent(ask: () => Promise<AskedStudent>): Promise<void> {
  const { parts, withHead } = exportStore.getState();
  if (parts.length === 0)
    throw new AppError("config-invalid", "Nothing was chosen to go into the zip", {
      hint: "Choose at least one format.",
    });
  await oneAtATime(async () => {
    say("Asking the student");
    const { runId, run, weights, witness } = await ask();
    const job = { weights, settings: run.config, witness, parts, withHead, run };
    const { zip, checks, files } = await requestExport("packStudent", job, say);
    exportStore.setState({ last: { runId, checks, files: files.length, bytes: zip.length } });
    saveFile("student.zip", zip, "application/zip");
    if (runId === runStore.getState().runId) keptStudents.setState({ isSaved: true });
  });
}

/** What the student makes of every image that is loaded, as `embeddings.zip`. */
export async function takeEmbeddingsAway(engine: Engine): Promise<void> {
  await oneAtATime(async () => {
    say("Embedding the images");
    const { runId } = runStore.getState();
    const set = await engine.request("embedSet", { runId });
    const labels = datasetStore.getState().summary?.labels ?? [];
    const { zip } = await requestExport("packEmbeddings", { set, labels }, say);
    saveFile("embeddings.zip", zip, "application/zip");
  });
}

/** The current or last run for PyTorch's own processes, as `cluster.zip`. @throws AppError while it is taking steps. */
export async function takeRunToCluster(engine: Engine): Promise<void> {
  await oneAtATime(async () => {
    say("Asking the run");
    const { runId, config } = runStore.getState();
    const run = currentRunFile();
    const record = keptEntry(runId)?.record;
    const job = {
      ...(await engine.request("exportForCluster", { runId })),
      run,
      name: record?.name ?? runName(config ?? run.config),
      note: record?.note ?? "",
      startedAt: record?.startedAt ?? new Date().toISOString(),
    };
    const { zip } = await requestExport("packCluster", job, say);
    saveFile("cluster.zip", zip, "application/zip");
  });
}

async function oneAtATime(job: () => Promise<void>): Promise<void> {
  if (exportStore.getState().task !== "") return;
  try {
    await job();
  } finally {
    say("");
  }
}
