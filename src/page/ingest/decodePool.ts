import type { DecodeRequests } from "../../contract/decode.ts";
import { AppError, fromWire } from "../../contract/errors.ts";
import { connect, onCrash, type Connection, type WorkerPort } from "../../lib/channel.ts";

export interface DecodePool {
  readonly workers: number;
  /**
   * @throws AppError "image-rejected" when this one request cannot be answered (its worker crashed or hung),
   * "cancelled" after `close`, "network-failed" when no worker can be started at all.
   */
  request<K extends keyof DecodeRequests>(
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
  readonly name: keyof DecodeRequests;
  readonly input: never;
  readonly resolve: (output: never) => void;
  readonly reject: (error: unknown) => void;
  attempts: number;
  patience: ReturnType<typeof setTimeout> | undefined;
}

interface Slot {
  worker: WorkerPort;
  connection: Connection<DecodeRequests>;
  /** Under way in this worker. */
  readonly jobs: Set<Job>;
}

/** Workers that share one queue. One that crashes or hangs is replaced, and its other jobs are done again. */
export function openDecodePool(workers: number, createWorker: () => WorkerPort): DecodePool {
  const queue: Job[] = [];
  const slots: Slot[] = [];
  let anyAnswered = false;
  let dead: AppError | null = null;

  function start(): Pick<Slot, "worker" | "connection"> {
    const worker = createWorker();
    onCrash(worker, (reason) => {
      const slot = slots.find((one) => one.worker === worker);
      if (slot !== undefined) crashed(slot, reason);
    });
    return { worker, connection: connect<DecodeRequests>(worker, fromWire) };
  }

  function crashed(slot: Slot, reason: string): void {
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
    take(slot, job);
    job.reject(gaveUp(`no answer within ${patienceMs / 1000} s`));
    queue.unshift(...replace(slot));
    feed();
  }

  /** @returns the jobs that were under way. */
  function replace(slot: Slot): Job[] {
    slot.worker.terminate();
    Object.assign(slot, start());
    const jobs = [...slot.jobs];
    for (const job of jobs) take(slot, job);
    return jobs;
  }

  function take(slot: Slot, job: Job): void {
    slot.jobs.delete(job);
    clearTimeout(job.patience);
  }

  function feed(): void {
    for (let round = 0; round < jobsPerWorker; round++) {
      for (const slot of slots) {
        if (dead !== null || slot.jobs.size > round) continue;
        const job = queue.shift();
        if (job === undefined) return;
        give(slot, job);
      }
    }
  }

  /** A worker that is replaced answers no more, so what it was asked is settled here once at most. */
  function give(slot: Slot, job: Job): void {
    job.attempts++;
    job.patience = setTimeout(() => onHang(slot, job), patienceMs);
    slot.jobs.add(job);
    const answered = (): void => {
      anyAnswered = true;
      take(slot, job);
      feed();
    };
    slot.connection
      .request(job.name, job.input)
      .finally(answered)
      .then(job.resolve as () => void, job.reject);
  }

  function end(error: AppError): void {
    if (dead !== null) return;
    dead = error;
    for (const slot of slots) {
      slot.worker.terminate();
      for (const job of slot.jobs) {
        take(slot, job);
        job.reject(error);
      }
    }
    for (const job of queue.splice(0)) job.reject(error);
  }

  for (let i = 0; i < workers; i++) slots.push({ ...start(), jobs: new Set() });

  return {
    workers,
    request(name, input) {
      if (dead !== null) return Promise.reject(dead);
      return new Promise((resolve, reject) => {
        queue.push({ name, input: input as never, resolve, reject, attempts: 0, patience: undefined });
        feed();
      });
    },
    close: () => end(new AppError("cancelled", "Reading the images was cancelled.")),
  };
}

function gaveUp(reason: string): AppError {
  return new AppError("image-rejected", `the decoder gave up: ${reason}`);
}
