import { AppError, fromWire, toWire } from "../../contract/errors.ts";
import type { Engine, EngineEvent, FromWorker, Requests, ToWorker } from "../../contract/protocol.ts";
import { buffersIn, connect, onCrash, type Connection, type WorkerPort } from "../../lib/channel.ts";
import { EnginePulse } from "./enginePulse.ts";

export interface EngineClient extends Engine {
  /** Ends the worker and starts a fresh one, which knows no images and no teacher. */
  restart(): void;
}

export interface EngineClientOptions {
  /** Answers `inspectTeacher` in place of the engine. */
  readonly inspect?: (
    files: Requests["inspectTeacher"]["in"]["files"],
  ) => Promise<Requests["inspectTeacher"]["out"]>;
  /** By which the page learns that a worker has ended without a word; null where there are none. */
  readonly locks?: Pick<LockManager, "request"> | null;
  readonly pingEveryMs?: number;
}

const pingEveryMs = 2000;

/**
 * The engine as the page sees it: a worker behind `Engine`.
 *
 * A worker that crashes, or ends without a word, rejects all that was asked of it and says `backendLost`; until
 * `restart` every further request is refused. One that lives and does not answer says `silence`: it may be at a long
 * calculation, or stuck, which nobody can tell from outside. Events of any run but the one started last are dropped.
 */
export function createEngineClient(
  createWorker: () => WorkerPort,
  { inspect, locks = webLocks(), pingEveryMs: everyMs = pingEveryMs }: EngineClientOptions = {},
): EngineClient {
  const listeners = new Set<(event: EngineEvent) => void>();
  let currentRunId = "";
  let dead = false;
  const pulse = new EnginePulse(everyMs, (silentMs) => emit({ type: "silence", silentMs }));
  let worker: WorkerPort;
  let connection: Connection<Requests>;
  start();
  setInterval(() => {
    if (!dead && pulse.ping()) say({ ping: true });
  }, everyMs);

  function start(): void {
    const started = createWorker();
    worker = started;
    connection = connect<Requests>(started, fromWire);
    dead = false;
    started.addEventListener("message", ({ data }) => {
      if (worker === started) receive(data as FromWorker);
    });
    onCrash(started, (reason) => {
      if (worker === started) crash(reason);
    });
    pulse.reset();
    if (locks !== null) say({ hold: `engine ${crypto.randomUUID()}` });
  }

  function say(message: ToWorker): void {
    worker.postMessage(message, []);
  }

  /** Whoever gets the lock that a worker held knows that this worker is no more. */
  function mourn(held: WorkerPort, name: string): void {
    void locks?.request(name, () => {
      if (worker === held && !dead) crash("it ended without a word");
    });
  }

  function crash(reason: string): void {
    const error = new AppError("backend-lost", `The engine stopped: ${reason}.`, {
      hint: "Another takes its place. If none does, press “Restart the engine”.",
    });
    dead = true;
    worker.terminate();
    pulse.reset();
    connection.close(error);
    emit({ type: "backendLost", error: toWire(error) });
  }

  function emit(event: EngineEvent): void {
    if ("runId" in event && event.runId !== currentRunId) return;
    for (const listener of [...listeners]) listener(event);
  }

  /** Answers to requests are signs of life, and for the connection to read. */
  function receive(message: FromWorker): void {
    pulse.hear();
    if ("holding" in message) mourn(worker, message.holding);
    else if ("event" in message) emit(message.event);
  }

  return {
    async request(name, input) {
      if (name === "inspectTeacher" && inspect !== undefined) {
        const { files } = input as Requests["inspectTeacher"]["in"];
        return inspect(files);
      }
      const runIdBefore = currentRunId;
      // A run's events may arrive before its answer. If it is refused, the run before goes on.
      const begins = name === "startRun" || name === "continueRun";
      if (begins) currentRunId = (input as Requests["startRun"]["in"]).runId;
      try {
        return await connection.request(name, input, { transfer: buffersIn(input) });
      } catch (error) {
        if (begins) currentRunId = runIdBefore;
        throw error;
      }
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    restart() {
      worker.terminate();
      connection.close(new AppError("cancelled", "The engine was restarted."));
      currentRunId = "";
      start();
    },
  };
}

function webLocks(): LockManager | null {
  // Only where pages are served in safety.
  return (globalThis.navigator as Navigator | undefined)?.locks ?? null;
}
