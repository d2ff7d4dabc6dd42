/** What the buttons and drops of the data panel do. Faults become notices. */
import type { Reject } from "../../contract/dataset.ts";
import { standardDemo } from "../../contract/dataset.ts";
import { patchForImages } from "../../contract/presets.ts";
import { AppError } from "../../contract/errors.ts";
import type { WebOrigin } from "../../contract/webOrigin.ts";
import type { Engine } from "../../contract/protocol.ts";
import { isParquetPath } from "../ingest/parquetPath.ts";
import { configStore, patchConfig } from "../stores/configStore.ts";
import { datasetStore, noOwnImages } from "../stores/datasetStore.ts";
import { notify, notifyError, withdrawNotices } from "../stores/noticeStore.ts";
import { runIsBusy } from "../stores/runStore.ts";
import type { Collected, CollectedFile } from "../ingest/collectFiles.ts";
import { decoderCount, openDecodePool, type DecodePool } from "../ingest/decodePool.ts";
import { holdImages } from "../ingest/holdImages.ts";
import { hiddenPartOf, isJunkPath, type LabelLevelName } from "../ingest/imagePaths.ts";
import { ingestImages, ingestTable, type Ingested, type IngestOptions } from "../ingest/ingestImages.ts";

let cancel: AbortController | null = null;

interface Given {
  readonly collected: Collected;
  readonly origin: WebOrigin | null;
}

/** What the images there are were read from, for another reading of their labels. */
let lastGiven: Given | null = null;

/**
 * Reads what the visitor gave in place of the images there are, and makes it the data of the next run. Parquet files
 * of images are looked into first, and offered.
 */
export async function loadOwnImages(
  engine: Engine,
  collecting: Collected | Promise<Collected>,
  origin: WebOrigin | null = null,
): Promise<void> {
  await loadInPlace(async (pool, options) => {
    const collected = await leaveOutTables(await collecting, options.signal);
    return collected === null ? null : readGiven(engine, { collected, origin }, pool, options);
  });
}

/** Reads the same files again, with their labels from another level of folders. */
export async function readWithLabelLevel(engine: Engine, labelLevel: LabelLevelName): Promise<void> {
  const given = lastGiven;
  if (given === null) return;
  await loadInPlace((pool, options) => readGiven(engine, given, pool, { ...options, labelLevel }));
}

/** Whether the files of the images there are can be read once more. */
export function canReadAgain(): boolean {
  return lastGiven !== null;
}

/** Reads the same files again, for views of another size. */
export async function readAgain(engine: Engine): Promise<void> {
  await readWithLabelLevel(engine, datasetStore.getState().labelLevel);
}

async function readGiven(
  engine: Engine,
  given: Given,
  pool: DecodePool,
  options: IngestOptions,
): Promise<Loaded> {
  const ingested = await ingestImages(engine, given.collected, pool, options);
  lastGiven = given;
  const { labelLevel = "outer" } = options;
  return { ...ingested, labelLevel, origin: given.origin };
}

/**
 * Parquet files among other files are the images only if they hold any. Tables about the images, as img2dataset
 * writes them, are left out.
 *
 * @returns what is to be read as files; null where the tables are offered in its place.
 */
async function leaveOutTables(collected: Collected, signal: AbortSignal): Promise<Collected | null> {
  const { name, files, rejects } = collected;
  const isSeen = ({ path }: CollectedFile): boolean => !isJunkPath(path) && hiddenPartOf(path) === null;
  const tables = files.filter((file) => isParquetPath(file.path) && isSeen(file));
  if (tables.length === 0) return collected;
  const { offerTableFiles, whyNoTable } = await import("./offerTable.ts"); // large, and seldom needed
  const isTable = new Set(tables);
  const others = files.filter((file) => !isTable.has(file));
  const seen = others.filter(isSeen);
  const problem = (await holdImages(seen)) ? await whyNoTable(tables, signal) : null;
  if (problem === null) {
    void offerTableFiles(name, [...tables, ...seen]);
    return null;
  }
  const left = tables.map(({ path }): Reject => ({ path, reason: "not-an-image", message: problem }));
  return { name, files: others, rejects: [...rejects, ...left] };
}

/** Reads the table that is offered, as chosen. */
export async function loadTable(engine: Engine): Promise<void> {
  await loadInPlace(async (pool, options) => {
    const { dismissTable, takeTable } = await import("./offerTable.ts");
    const chosen = await takeTable();
    if (chosen === null) return null;
    const { table, address, close } = chosen;
    options.signal.addEventListener("abort", close, { once: true });
    try {
      const origin = address === null ? null : { address, sha256: null };
      const ingested = await ingestTable(engine, table, pool, options);
      lastGiven = null;
      return { ...ingested, labelLevel: "outer", origin };
    } finally {
      dismissTable();
    }
  });
}

interface Loaded extends Ingested {
  readonly origin: WebOrigin | null;
  readonly labelLevel: LabelLevelName;
}

/** @param read gives null when there is nothing to read yet. */
async function loadInPlace(
  read: (pool: DecodePool, options: IngestOptions) => Promise<Loaded | null>,
): Promise<void> {
  if (refusedAsBusy()) return;
  withdrawNotices("images");
  const controller = new AbortController();
  cancel = controller;
  datasetStore.setState({ ingestion: nothingYet, checkpoints: [] });
  const pool = openDecodePool(
    decoderCount(navigator.hardwareConcurrency),
    () =>
      new Worker(new URL("../../worker/decode/decodeWorker.ts", import.meta.url), {
        type: "module",
        name: "decoder",
      }),
  );
  try {
    const loaded = await read(pool, {
      get viewSize() {
        return configStore.getState().config.imageSize; // as it is when it is needed: listing takes its time
      },
      signal: controller.signal,
      onProgress: (ingestion) => datasetStore.setState({ ingestion }),
      onCheckpoints: (checkpoints) => datasetStore.setState({ checkpoints }),
      onReplace: () => {
        const { checkpoints } = datasetStore.getState();
        datasetStore.setState({ summary: null, ...noOwnImages, checkpoints });
      },
    });
    if (loaded === null) return;
    const { notes, ...state } = loaded;
    datasetStore.setState(state);
    patchConfig(patchForImages(configStore.getState().config, loaded.summary.count));
    for (const note of notes) notify("info", note);
  } catch (error) {
    if (error instanceof AppError && error.code === "cancelled") {
      const left =
        datasetStore.getState().summary === null
          ? "There are no images now."
          : "The images before are still there.";
      notify("info", `Reading the images was cancelled. ${left}`, { cause: "images" });
    } else {
      notifyError(error, "images");
    }
  } finally {
    pool.close();
    cancel = null;
    datasetStore.setState({ ingestion: null });
  }
}

export function cancelLoading(): void {
  cancel?.abort();
}

/** The built-in set in place of the images there are. */
export async function loadDemoImages(engine: Engine): Promise<void> {
  if (refusedAsBusy()) return;
  withdrawNotices("images");
  try {
    datasetStore.setState({ ingestion: { ...nothingYet, task: "drawing" } });
    const summary = await engine.request("drawDemo", standardDemo);
    datasetStore.setState({ summary, ...noOwnImages });
    patchConfig({ data: "demo" });
  } catch (error) {
    notifyError(error, "images");
  } finally {
    datasetStore.setState({ ingestion: null });
  }
}

const nothingYet = {
  task: "listing",
  done: 0,
  total: 0,
  accepted: 0,
  rejected: 0,
  filesPerSecond: 0,
  secondsLeft: null,
} as const;

function refusedAsBusy(): boolean {
  if (datasetStore.getState().ingestion !== null) {
    notify("info", "Images are being read already.", {
      hint: "Wait until they are, or cancel.",
      cause: "images",
    });
    return true;
  }
  if (runIsBusy()) {
    notify("error", "The images cannot be changed while a run is going.", {
      hint: "Stop the run first.",
      cause: "images",
    });
    return true;
  }
  return false;
}
