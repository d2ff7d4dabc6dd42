/** What the buttons and drops of the data panel do. Faults become notices. */
import { standardDemo } from "../../contract/dataset.ts";
import { AppError } from "../../contract/errors.ts";
import type { WebOrigin } from "../../contract/webOrigin.ts";
import type { Engine } from "../../contract/protocol.ts";
import { dismissTable, isParquetPath, offerTableFiles, takeTable } from "../commands/offerTable.ts";
import { configStore, patchConfig } from "../stores/configStore.ts";
import { datasetStore } from "../stores/datasetStore.ts";
import { notify, notifyError } from "../stores/noticeStore.ts";
import { runIsBusy } from "../stores/runStore.ts";
import type { Collected } from "./collectFiles.ts";
import { decoderCount, openDecodePool, type DecodePool } from "./decodePool.ts";
import { ingestImages, ingestTable, type Ingested, type IngestOptions } from "./ingestImages.ts";

let cancel: AbortController | null = null;

/**
 * Reads what the visitor gave in place of the images there are, and makes it the data of the next run. Parquet files
 * are looked into first, and offered.
 */
export async function loadOwnImages(
  engine: Engine,
  collecting: Collected | Promise<Collected>,
  origin: WebOrigin | null = null,
): Promise<void> {
  await loadInPlace(async (pool, options) => {
    const collected = await collecting;
    if (collected.files.some(({ path }) => isParquetPath(path))) {
      void offerTableFiles(collected.name, collected.files);
      return null;
    }
    return { ...(await ingestImages(engine, collected, pool, options)), origin };
  });
}

/** Reads the table that is offered, as chosen. */
export async function loadTable(engine: Engine): Promise<void> {
  await loadInPlace(async (pool, options) => {
    const chosen = await takeTable();
    if (chosen === null) return null;
    const { table, address, close } = chosen;
    options.signal.addEventListener("abort", close, { once: true });
    try {
      const origin = address === null ? null : { address, sha256: null };
      return { ...(await ingestTable(engine, table, pool, options)), origin };
    } finally {
      dismissTable();
    }
  });
}

interface Loaded extends Ingested {
  readonly origin: WebOrigin | null;
}

/** @param read gives null when there is nothing to read yet. */
async function loadInPlace(
  read: (pool: DecodePool, options: IngestOptions) => Promise<Loaded | null>,
): Promise<void> {
  if (refusedAsBusy()) return;
  const controller = new AbortController();
  cancel = controller;
  datasetStore.setState({ ingestion: nothingYet });
  const pool = openDecodePool(
    decoderCount(navigator.hardwareConcurrency),
    () =>
      new Worker(new URL("../../worker/decodeWorker.ts", import.meta.url), {
        type: "module",
        name: "decoder",
      }),
  );
  try {
    const loaded = await read(pool, {
      viewSize: configStore.getState().config.imageSize,
      signal: controller.signal,
      onProgress: (ingestion) => datasetStore.setState({ ingestion }),
      onReplace: () => datasetStore.setState({ summary: null, rejects: [], origin: null }),
    });
    if (loaded === null) return;
    datasetStore.setState(loaded);
    patchConfig({ data: "own" });
  } catch (error) {
    if (error instanceof AppError && error.code === "cancelled") {
      const left =
        datasetStore.getState().summary === null
          ? "There are no images now."
          : "The images before are still there.";
      notify("info", `Reading the images was cancelled. ${left}`);
    } else {
      notifyError(error);
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
  try {
    datasetStore.setState({ ingestion: { ...nothingYet, task: "drawing" } });
    const summary = await engine.request("drawDemo", standardDemo);
    datasetStore.setState({ summary, rejects: [], origin: null });
    patchConfig({ data: "demo" });
  } catch (error) {
    notifyError(error);
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
    notify("info", "Images are being read already.", { hint: "Wait until they are, or cancel." });
    return true;
  }
  if (runIsBusy()) {
    notify("error", "The images cannot be changed while a run is going.", { hint: "Stop the run first." });
    return true;
  }
  return false;
}
