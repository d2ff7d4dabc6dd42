import { AppError } from "../../contract/errors.ts";
import type { Engine } from "../../contract/protocol.ts";
import { requestExport } from "../engine/exportClient.ts";
import { datasetStore } from "../stores/datasetStore.ts";
import { exportStore } from "../stores/exportStore.ts";
import { runStore } from "../stores/runStore.ts";
import { saveFile } from "../widgets/saveFile.ts";
import { currentRunFile } from "./exportRun.ts";
import { keptEntry } from "../stores/keptStore.ts";
import { keptStudents } from "../stores/keptStudents.ts";
import { runName } from "./runName.ts";

const say = (task: string): void => exportStore.setState({ task });

/**
 * The student of the current or last run as `student.zip`: packed, every model in it tried, and only then saved.
 *
 * @throws AppError when there is none, when nothing was chosen, or when a model does not say what the student says.
 */
export async function takeStudentAway(engine: Engine): Promise<void> {
  const { parts, withHead } = exportStore.getState();
  if (parts.length === 0)
    throw new AppError("config-invalid", "Nothing was chosen to go into the zip", {
      hint: "Choose at least one format.",
    });
  await oneAtATime(async () => {
    say("Asking the student");
    const run = currentRunFile();
    const { runId } = runStore.getState();
    const witness = await engine.request("witnessStudent", { runId });
    const { bytes: weights } = await engine.request("exportStudent", { runId, withHead: true });
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
