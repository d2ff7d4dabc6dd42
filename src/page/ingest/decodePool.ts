import type { DecodeRequestName, DecodeRequests, FromDecoder, ToDecoder } from "../../contract/decode.ts";
import { AppError, fromWire } from "../../contract/errors.ts";
import type { WorkerLike } from "../engine/engineClient.ts";

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

/** Under way in one worker at a time, so that it decodes while it waits for the next file's bytes. */
export const jobsPerWorker = 3;
/** A picture that takes longer is given up on. */
const patienceMs = 60_000;
/** A crash may be another's fault, so a job it interrupts is tried again this often. */
const mostAttempts = 2;

interface Job {
  readonly message: ToDecoder;
  resolve(output: unknown): void;
  reject(error: AppError): void;
  attempts: number;
  patience: ReturnType<typeof setTimeout> | undefined;
}

interface Slot {
  worker: WorkerLike;
  readonly jobs: Map<number, Job>;
}

/** Workers that share one queue. One that crashes or hangs is replaced, and its other jobs are done again. */
export function openDecodePool(workers: number, createWorker: () => WorkerLike): DecodePool {
  const queue: Job[] = [];
  const slots: Slot[] = [];
  let lastId = 0;
  let anyAnswered = false;
  let dead: AppError | null = null;

  function start(): WorkerLike {
    const worker = createWorker();
    const slotOf = (): Slot | undefined => slots.find((slot) => slot.worker === worker);
    const crashed = (reason: string): void => {
      const slot = slotOf();
      if (slot !== undefined) onCrash(slot, reason);
    };
    worker.onmessage = (event) => {
      const slot = slotOf();
      if (slot !== undefined) settle(slot, event.data as FromDecoder);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      crashed(event.message === "" ? "its program could not be loaded" : event.message);
    };
    worker.onmessageerror = () => crashed("a message could not be read");
    return worker;
  }

  function settle(slot: Slot, message: FromDecoder): void {
    const job = take(slot, message.id);
    if (job === undefined) return;
    anyAnswered = true;
    if (message.ok) job.resolve(message.output);
    else job.reject(fromWire(message.error));
    feed();
  }

  function onCrash(slot: Slot, reason: string): void {
    if (!anyAnswered) {
      end(
        new AppError("network-failed", `The image decoder did not start: ${reason}`, {
          hint: "Reload the page. If you are offline, go online once so that all parts can be loaded.",
        }),
      );
      return;
    }
    for (const job of replace(slot)) {
      if (job.attempts >= mostAttempts) job.reject(gaveUp(reason));
      else queue.unshift(job);
    }
    feed();
  }

  function onHang(slot: Slot, job: Job): void {
    take(slot, job.message.id);
    job.reject(gaveUp(`no answer within ${patienceMs / 1000} s`));
    queue.unshift(...replace(slot));
    feed();
  }

  /** @returns the jobs that were under way. */
  function replace(slot: Slot): Job[] {
    slot.worker.terminate();
    slot.worker = start();
    return [...slot.jobs.keys()].map((id) => take(slot, id)).filter((job) => job !== undefined);
  }

  function take(slot: Slot, id: number): Job | undefined {
    const job = slot.jobs.get(id);
    slot.jobs.delete(id);
    clearTimeout(job?.patience);
    return job;
  }

  function feed(): void {
    for (let round = 0; round < jobsPerWorker; round++) {
      for (const slot of slots) {
        if (dead !== null || slot.jobs.size > round) continue;
        const job = queue.shift();
        if (job === undefined) return;
        job.attempts++;
        job.patience = setTimeout(() => onHang(slot, job), patienceMs);
        slot.jobs.set(job.message.id, job);
        slot.worker.postMessage(job.message, []);
      }
    }
  }

  function end(error: AppError): void {
    if (dead !== null) return;
    dead = error;
    for (const slot of slots) {
      slot.worker.terminate();
      for (const id of [...slot.jobs.keys()]) take(slot, id)?.reject(error);
    }
    for (const job of queue.splice(0)) job.reject(error);
  }

  for (let i = 0; i < workers; i++) slots.push({ worker: start(), jobs: new Map() });

  return {
    workers,
    request<K extends DecodeRequestName>(name: K, input: DecodeRequests[K]["in"]) {
      if (dead !== null) return Promise.reject(dead);
      return new Promise<DecodeRequests[K]["out"]>((resolve, reject: (error: Error) => void) => {
        const message = { id: ++lastId, name, input } as ToDecoder;
        queue.push({ message, resolve, reject, attempts: 0, patience: undefined });
        feed();
      });
    },
    close: () => end(new AppError("cancelled", "Reading the images was cancelled.")),
  };
}

function gaveUp(reason: string): AppError {
  return new AppError("image-rejected", `the decoder gave up: ${reason}`);
}
