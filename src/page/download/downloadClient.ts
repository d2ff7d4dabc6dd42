import { AppError, fromWire } from "../../contract/errors.ts";
import type { DownloadProgress, DownloadRequests } from "../../contract/download.ts";
import { connect, onCrash, type Connection, type WorkerPort } from "../../lib/channel.ts";

interface RequestOptions {
  readonly signal?: AbortSignal;
  /** About ten times a second while a download goes on. */
  readonly onProgress?: (progress: DownloadProgress) => void;
}

/** The download worker as the page sees it. */
export interface DownloadClient {
  /** @throws AppError what the worker refuses it for; "cancelled" once the signal is aborted. */
  request<K extends keyof DownloadRequests>(
    name: K,
    input: DownloadRequests[K]["in"],
    options?: RequestOptions,
  ): Promise<DownloadRequests[K]["out"]>;
  /** A file that is read in parts, without downloading the whole. */
  openRemote(address: string, signal?: AbortSignal): RemoteBytes;
}

interface RemoteBytes {
  size(): Promise<number>;
  /** The bytes from `start` to before `end`. */
  read(start: number, end: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** The worker is started with the first request, so that a page that loads nothing from the web has none. */
export function createDownloadClient(createWorker: () => WorkerPort): DownloadClient {
  let connection: Connection<DownloadRequests> | null = null;

  function start(): Connection<DownloadRequests> {
    const worker = createWorker();
    const started = connect<DownloadRequests>(worker, fromWire);
    onCrash(worker, (reason) => {
      worker.terminate();
      connection = null;
      started.close(
        new AppError("network-failed", `The download worker stopped: ${reason}.`, { hint: "Try again." }),
      );
    });
    return started;
  }

  const request: DownloadClient["request"] = async (name, input, options = {}) => {
    if (options.signal?.aborted === true) throw new AppError("cancelled", "The download was cancelled.");
    connection ??= start();
    // The worker answers a cancelled request too, when it has tidied up.
    return connection.request(name, input, options);
  };

  return {
    request,
    openRemote(address, signal) {
      const options = signal === undefined ? {} : { signal };
      return {
        size: () => request("sizeOf", { address }, options),
        read: (start, end) => request("readRange", { address, start, end }, options),
      };
    },
  };
}

/** The page's one download worker. */
export const downloads: DownloadClient = createDownloadClient(
  () =>
    new Worker(new URL("../../worker/download/downloadWorker.ts", import.meta.url), {
      type: "module",
      name: "downloads",
    }),
);
