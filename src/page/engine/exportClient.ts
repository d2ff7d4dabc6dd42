import { AppError, fromWire } from "../../contract/errors.ts";
import type { ExportRequests } from "../../contract/studentExport.ts";
import { connect, onCrash } from "../../lib/channel.ts";

/**
 * Has something packed in a worker of its own, which loads what it needs (ONNX Runtime and TensorFlow.js, to try what it
 * has written) and is ended afterwards.
 *
 * @param onProgress told in a sentence what is under way.
 * @throws AppError what the worker threw, or that it stopped.
 */
export async function requestExport<K extends keyof ExportRequests>(
  name: K,
  job: ExportRequests[K]["in"],
  onProgress: (what: string) => void,
): Promise<ExportRequests[K]["out"]> {
  const worker = new Worker(new URL("../../worker/export/exportWorker.ts", import.meta.url), {
    type: "module",
    name: "export",
  });
  try {
    return await new Promise((resolve, reject: (error: Error) => void) => {
      onCrash(worker, (reason) =>
        reject(
          new AppError("internal", `Packing stopped: ${reason}.`, {
            hint: "Reload the page and try again; if memory is short, with fewer formats.",
          }),
        ),
      );
      connect<ExportRequests>(worker, fromWire).request(name, job, { onProgress }).then(resolve, reject);
    });
  } finally {
    worker.terminate();
  }
}
