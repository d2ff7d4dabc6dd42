/** What the buttons and drops of the data panel do. Faults become notices. */
import { standardDemo } from "../../contract/dataset.ts";
import { AppError } from "../../contract/errors.ts";
import type { WebOrigin } from "../../contract/webOrigin.ts";
import type { Engine } from "../../contract/protocol.ts";
import { configStore, patchConfig } from "../stores/configStore.ts";
import { datasetStore } from "../stores/datasetStore.ts";
import { notify, notifyError } from "../stores/noticeStore.ts";
import { runIsBusy } from "../stores/runStore.ts";
import type { Collected } from "./collectFiles.ts";
import { decoderCount, openDecodePool } from "./decodePool.ts";
import { ingestImages } from "./ingestImages.ts";

let cancel: AbortController | null = null;

/** Reads what the visitor gave in place of the images there are, and makes it the data of the next run. */
export async function loadOwnImages(
  engine: Engine,
  collecting: Collected | Promise<Collected>,
  origin: WebOrigin | null = null,
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
    const collected = await collecting;
    const { summary, rejects } = await ingestImages(engine, collected, pool, {
      viewSize: configStore.getState().config.imageSize,
      signal: controller.signal,
      onProgress: (ingestion) => datasetStore.setState({ ingestion }),
      onReplace: () => datasetStore.setState({ summary: null, rejects: [], origin: null }),
    });
    datasetStore.setState({ summary, rejects, origin });
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
