import { AppError, fromWire, toWire } from "../../contract/errors.ts";
import type {
  FromParquetWorker,
  ImageRow,
  ParquetChoice,
  ParquetInput,
  ParquetOffer,
  ParquetRequestName,
  ParquetRequests,
  ToParquetWorker,
} from "../../contract/parquet.ts";
import type { WorkerLike } from "../engine/engineClient.ts";

/** A parquet file of this machine, or one behind an address. */
export type ParquetSource =
  | { readonly name: string; readonly file: Blob }
  | {
      readonly name: string;
      readonly size: number;
      /** The bytes from `start` to before `end`. */
      readonly read: (start: number, end: number) => Promise<Uint8Array<ArrayBuffer>>;
    };

/** The files of one data set, open. */
export interface ParquetReader {
  readonly offer: ParquetOffer;
  /**
   * Chooses what is read, and how much of it at most.
   *
   * @returns how many images there are, and these, some at a time. The next ones are fetched while these are used.
   */
  read(
    choice: ParquetChoice,
    most: number,
  ): Promise<{ images: number; rows: AsyncGenerator<ImageRow, void> }>;
  /** Ends the worker; what is under way is rejected as "cancelled". */
  readonly close: () => void;
}

/** Without a word for so long, and without waiting for bytes, a worker is stuck in a file made for that. */
const patienceMs = 60_000;

/**
 * Opens files in a worker of their own.
 *
 * @throws AppError "file-unreadable", "file-unsupported", "file-refused", or why bytes could not be fetched.
 */
export async function openParquetReader(
  sources: readonly ParquetSource[],
  createWorker: () => WorkerLike,
  signal: AbortSignal,
): Promise<ParquetReader> {
  const worker = startParquetWorker(sources, createWorker);
  const onAbort = (): void => worker.close(new AppError("cancelled", "Reading the images was cancelled."));
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  const files = sources.map((source): ParquetInput =>
    "file" in source
      ? { kind: "file", name: source.name, file: source.file }
      : { kind: "remote", name: source.name, size: source.size },
  );
  try {
    const offer = await worker.request("open", { files });
    return {
      offer,
      async read(choice, most) {
        const { images } = await worker.request("choose", { choice, most });
        return { images, rows: rowsOf(worker) };
      },
      close: onAbort,
    };
  } catch (error) {
    onAbort();
    throw error;
  }
}

async function* rowsOf(worker: ParquetWorker): AsyncGenerator<ImageRow, void> {
  let coming = worker.request("next", null);
  for (;;) {
    const { rows } = await coming;
    if (rows.length === 0) return;
    coming = worker.request("next", null);
    coming.catch(() => undefined); // it is awaited in the next round, or nobody wants it any more
    yield* rows;
  }
}

interface ParquetWorker {
  request<K extends ParquetRequestName>(
    name: K,
    input: ParquetRequests[K]["in"],
  ): Promise<ParquetRequests[K]["out"]>;
  readonly close: (reason: AppError) => void;
}

interface Pending {
  readonly resolve: (output: unknown) => void;
  readonly reject: (error: AppError) => void;
}

function startParquetWorker(
  sources: readonly ParquetSource[],
  createWorker: () => WorkerLike,
): ParquetWorker {
  const worker = createWorker();
  const pending = new Map<number, Pending>();
  let lastId = 0;
  let ended: AppError | null = null;
  let fetching = 0;
  let patience: ReturnType<typeof setTimeout> | undefined;

  /** The clock runs while the worker has something to do and all it needs. */
  const watch = (): void => {
    clearTimeout(patience);
    if (ended !== null || pending.size === 0 || fetching > 0) return;
    patience = setTimeout(() => close(stuck()), patienceMs);
  };

  const close = (reason: AppError): void => {
    if (ended !== null) return;
    ended = reason;
    clearTimeout(patience);
    worker.terminate();
    for (const { reject } of pending.values()) reject(reason);
    pending.clear();
  };

  const fetchRange = async ({ range, file, start, end }: Wish): Promise<void> => {
    const source = sources[file];
    fetching++;
    let reply: ToParquetWorker;
    try {
      if (source === undefined || "file" in source) throw new AppError("internal", `no source ${file}`);
      reply = { range, ok: true, bytes: await source.read(start, end) };
    } catch (error) {
      reply = { range, ok: false, error: toWire(error) };
    }
    fetching--;
    if (ended === null) worker.postMessage(reply, reply.ok ? [reply.bytes.buffer] : []);
    watch();
  };

  worker.onmessage = ({ data }) => {
    const message = data as FromParquetWorker;
    if ("range" in message) {
      void fetchRange(message);
    } else {
      const request = pending.get(message.id);
      pending.delete(message.id);
      if (message.ok) request?.resolve(message.output);
      else request?.reject(fromWire(message.error));
    }
    watch();
  };
  worker.onerror = (event) => {
    event.preventDefault();
    const reason = event.message === "" ? "its program could not be loaded" : event.message;
    close(
      new AppError("network-failed", `The reader of parquet files stopped: ${reason}.`, {
        hint: "Reload the page and try again.",
      }),
    );
  };
  worker.onmessageerror = () => close(new AppError("internal", "a message could not be read"));

  return {
    request<K extends ParquetRequestName>(name: K, input: ParquetRequests[K]["in"]) {
      if (ended !== null) return Promise.reject(ended);
      return new Promise<ParquetRequests[K]["out"]>((resolve, reject: (error: Error) => void) => {
        const id = ++lastId;
        pending.set(id, { resolve: resolve as Pending["resolve"], reject });
        worker.postMessage({ id, name, input }, []);
        watch();
      });
    },
    close,
  };
}

type Wish = Extract<FromParquetWorker, { range: number }>;

function stuck(): AppError {
  return new AppError(
    "file-refused",
    `The parquet file kept its reader busy for ${patienceMs / 1000} seconds.`,
    {
      hint: "It is damaged, or made to do that. Write it anew, or give another one.",
    },
  );
}
