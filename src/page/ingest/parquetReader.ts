import { AppError, fromWire, toWire } from "../../contract/errors.ts";
import type {
  ByteRequests,
  ImageRow,
  ParquetChoice,
  ParquetInput,
  ParquetOffer,
  ParquetRequests,
} from "../../contract/parquet.ts";
import {
  buffersIn,
  connect,
  onCrash,
  serve,
  type Connection,
  type Handlers,
  type WorkerPort,
} from "../../lib/channel.ts";

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
  createWorker: () => WorkerPort,
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

type ParquetWorker = Pick<Connection<ParquetRequests>, "request" | "close">;

function startParquetWorker(
  sources: readonly ParquetSource[],
  createWorker: () => WorkerPort,
): ParquetWorker {
  const worker = createWorker();
  const connection = connect<ParquetRequests>(worker, fromWire);
  let isOpen = true;
  let fetching = 0;
  let patience: ReturnType<typeof setTimeout> | undefined;

  /** The clock runs while the worker has something to do and all it needs. */
  const watch = (): void => {
    clearTimeout(patience);
    if (isOpen && connection.pending > 0 && fetching === 0)
      patience = setTimeout(() => close(stuck()), patienceMs);
  };

  const close = (reason: Error): void => {
    isOpen = false;
    clearTimeout(patience);
    worker.terminate();
    connection.close(reason);
  };

  const read: Handlers<ByteRequests>["read"] = async ({ file, start, end }) => {
    const source = sources[file];
    if (source === undefined || "file" in source) throw new AppError("internal", `no source ${file}`);
    fetching++;
    watch();
    try {
      return await source.read(start, end);
    } finally {
      fetching--;
      watch();
    }
  };
  serve<ByteRequests>(worker, { read }, { toWire, transfer: buffersIn });

  onCrash(worker, (reason) =>
    close(
      new AppError("network-failed", `The reader of parquet files stopped: ${reason}.`, {
        hint: "Reload the page and try again.",
      }),
    ),
  );

  return {
    request(name, input) {
      const answer = connection.request(name, input);
      watch();
      return answer.finally(watch);
    },
    close,
  };
}

function stuck(): AppError {
  return new AppError(
    "file-refused",
    `The parquet file kept its reader busy for ${patienceMs / 1000} seconds.`,
    {
      hint: "It is damaged, or made to do that. Write it anew, or give another one.",
    },
  );
}
