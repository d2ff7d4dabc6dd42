import type { DecodeRequestName, DecodeRequests, FromDecoder, ToDecoder } from "../../contract/decode.ts";
import { AppError, fromWire } from "../../contract/errors.ts";
import type { WorkerLike } from "../engineClient.ts";

export interface DecodePool {
  readonly workers: number;
  /**
   * @throws AppError "image-rejected" when this one request cannot be answered (its worker crashed or hung),
   * "cancelled" after `close`, "network-failed" when no worker can be started at all.
   */
  request<K extends DecodeRequestName>(
    name: K,
    input: DecodeRequests[K]["in"],
  ): Promise<DecodeRequests[K]["out"]>;
  /** Ends the workers; what is under way is rejected as "cancelled". */
  readonly close: () => void;
}

/** How many decoders suit this machine: one core is left for the page and the engine. */
export function decoderCount(cores: number): number {
  return Math.max(1, Math.min(6, cores - 1));
}

/** A picture that takes longer is given up on. */
const patienceMs = 60_000;

interface Job {
  readonly message: ToDecoder;
  resolve(output: unknown): void;
  reject(error: AppError): void;
}

interface Slot {
  worker: WorkerLike;
  /** At most one at a time; the rest wait in the common queue. */
  job: Job | null;
  patience: ReturnType<typeof setTimeout> | undefined;
}

/** Workers that share one queue. A worker that crashes or hangs costs its own job only and is replaced. */
export function openDecodePool(workers: number, createWorker: () => WorkerLike): DecodePool {
  const queue: Job[] = [];
  const slots: Slot[] = [];
  let lastId = 0;
  let anyAnswered = false;
  let dead: AppError | null = null;

  function start(slot: Slot): void {
    slot.worker = createWorker();
    slot.worker.onmessage = (event) => settle(slot, event.data as FromDecoder);
    slot.worker.onerror = (event) => {
      event.preventDefault();
      crash(slot, event.message === "" ? "its program could not be loaded" : event.message);
    };
    slot.worker.onmessageerror = () => crash(slot, "a message could not be read");
  }

  function settle(slot: Slot, message: FromDecoder): void {
    const { job } = slot;
    if (job?.message.id !== message.id) return;
    anyAnswered = true;
    release(slot);
    if (message.ok) job.resolve(message.output);
    else job.reject(fromWire(message.error));
    feed();
  }

  function crash(slot: Slot, reason: string): void {
    slot.worker.terminate();
    const { job } = slot;
    release(slot);
    if (!anyAnswered) {
      end(
        new AppError("network-failed", `The image decoder did not start: ${reason}`, {
          hint: "Reload the page. If you are offline, go online once so that all parts can be loaded.",
        }),
      );
    } else {
      start(slot);
    }
    job?.reject(dead ?? new AppError("image-rejected", `the decoder gave up: ${reason}`));
    feed();
  }

  function release(slot: Slot): void {
    clearTimeout(slot.patience);
    slot.job = null;
  }

  function feed(): void {
    for (const slot of slots) {
      if (dead !== null || slot.job !== null) continue;
      const job = queue.shift();
      if (job === undefined) return;
      slot.job = job;
      slot.patience = setTimeout(() => {
        anyAnswered = true; // it did start
        crash(slot, `no answer within ${patienceMs / 1000} s`);
      }, patienceMs);
      slot.worker.postMessage(job.message, []);
    }
  }

  function end(error: AppError): void {
    dead = error;
    for (const slot of slots) {
      slot.worker.terminate();
      slot.job?.reject(error);
      release(slot);
    }
    for (const job of queue.splice(0)) job.reject(error);
  }

  for (let i = 0; i < workers; i++) {
    const slot = { job: null, patience: undefined } as unknown as Slot;
    start(slot);
    slots.push(slot);
  }

  return {
    workers,
    request<K extends DecodeRequestName>(name: K, input: DecodeRequests[K]["in"]) {
      if (dead !== null) return Promise.reject(dead);
      return new Promise<DecodeRequests[K]["out"]>((resolve, reject: (error: Error) => void) => {
        const message = { id: ++lastId, name, input } as ToDecoder;
        queue.push({ message, resolve, reject });
        feed();
      });
    },
    close: () => end(new AppError("cancelled", "Reading the images was cancelled.")),
  };
}
