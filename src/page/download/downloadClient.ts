import { AppError, fromWire } from "../../contract/errors.ts";
import type {
  DownloadProgress,
  DownloadRequestName,
  DownloadRequests,
  FromDownloader,
  ToDownloader,
} from "../../contract/download.ts";

interface RequestOptions {
  readonly signal?: AbortSignal;
  /** About ten times a second while a download goes on. */
  readonly onProgress?: (progress: DownloadProgress) => void;
}

/** The download worker as the page sees it. */
export interface DownloadClient {
  /** @throws AppError what the worker refuses it for; "cancelled" once the signal is aborted. */
  request<K extends DownloadRequestName>(
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

/** The part of `Worker` that is used here. */
interface WorkerLike {
  postMessage(message: unknown): void;
  terminate(): void;
  onmessage: ((event: MessageEvent) => unknown) | null;
  onerror: ((event: ErrorEvent) => unknown) | null;
}

interface Pending {
  readonly resolve: (output: unknown) => void;
  readonly reject: (error: AppError) => void;
  readonly onProgress: ((progress: DownloadProgress) => void) | undefined;
}

/** The worker is started with the first request, so that a page that loads nothing from the web has none. */
export function createDownloadClient(createWorker: () => WorkerLike): DownloadClient {
  const pending = new Map<number, Pending>();
  let worker: WorkerLike | null = null;
  let lastId = 0;

  function start(): WorkerLike {
    const started = createWorker();
    started.onmessage = (event) => receive(event.data as FromDownloader);
    started.onerror = (event) => {
      event.preventDefault();
      const reason = event.message === "" ? "its script could not be loaded" : event.message;
      started.terminate();
      worker = null;
      const waiting = [...pending.values()];
      pending.clear();
      for (const { reject } of waiting)
        reject(
          new AppError("network-failed", `The download worker stopped: ${reason}.`, { hint: "Try again." }),
        );
    };
    return started;
  }

  function receive(message: FromDownloader): void {
    const request = pending.get(message.id);
    if (request === undefined) return;
    if ("progress" in message) {
      request.onProgress?.(message.progress);
      return;
    }
    pending.delete(message.id);
    if (message.ok) request.resolve(message.output);
    else request.reject(fromWire(message.error));
  }

  async function request<K extends DownloadRequestName>(
    name: K,
    input: DownloadRequests[K]["in"],
    { signal, onProgress }: RequestOptions = {},
  ): Promise<DownloadRequests[K]["out"]> {
    if (signal?.aborted === true) throw new AppError("cancelled", "The download was cancelled.");
    worker ??= start();
    const asked = worker;
    const id = ++lastId;
    const post = (message: ToDownloader): void => asked.postMessage(message);
    // The worker answers a cancelled request too, when it has tidied up.
    const cancel = (): void => post({ id, cancel: true });
    signal?.addEventListener("abort", cancel, { once: true });
    try {
      return await new Promise<DownloadRequests[K]["out"]>((resolve, reject) => {
        pending.set(id, {
          resolve: (output) => resolve(output as DownloadRequests[K]["out"]),
          reject,
          onProgress,
        });
        post({ id, name, input });
      });
    } finally {
      signal?.removeEventListener("abort", cancel);
    }
  }

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
