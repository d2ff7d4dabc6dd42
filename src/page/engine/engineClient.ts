import { AppError, fromWire, toWire } from "../../contract/errors.ts";
import { EnginePulse } from "./enginePulse.ts";
import type {
  Engine,
  EngineEvent,
  FromWorker,
  RequestName,
  Requests,
  ToWorker,
} from "../../contract/protocol.ts";

/** The part of `Worker` that is used here, so that a test can put any message port in its place. */
export interface WorkerLike {
  postMessage(message: unknown, transfer: Transferable[]): void;
  terminate(): void;
  onmessage: ((event: MessageEvent) => unknown) | null;
  onerror: ((event: ErrorEvent) => unknown) | null;
  onmessageerror: ((event: MessageEvent) => unknown) | null;
}

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

interface Pending {
  resolve(output: unknown): void;
  reject(error: AppError): void;
}

/**
 * The engine as the page sees it: a worker behind `Engine`.
 *
 * A worker that crashes, or ends without a word, rejects all that was asked of it and says `backendLost`; until
 * `restart` every further request is refused. One that lives and does not answer says `silence`: it may be at a long
 * calculation, or stuck, which nobody can tell from outside. Events of any run but the one started last are dropped.
 */
export function createEngineClient(
  createWorker: () => WorkerLike,
  { inspect, locks = webLocks(), pingEveryMs: everyMs = pingEveryMs }: EngineClientOptions = {},
): EngineClient {
  const listeners = new Set<(event: EngineEvent) => void>();
  const pending = new Map<number, Pending>();
  let lastId = 0;
  let currentRunId = "";
  let dead: AppError | null = null;
  const pulse = new EnginePulse(everyMs, (silentMs) => emit({ type: "silence", silentMs }));
  let worker = start();
  setInterval(() => {
    if (dead !== null) return;
    if (pulse.ping()) say(worker, { ping: true });
  }, everyMs);

  function start(): WorkerLike {
    const started = createWorker();
    started.onmessage = (event) => {
      if (worker === started) receive(event.data as FromWorker);
    };
    started.onerror = (event) => {
      event.preventDefault();
      crash(event.message === "" ? "the worker could not be loaded" : event.message);
    };
    started.onmessageerror = () => crash("a message of the worker could not be read");
    pulse.reset();
    if (locks !== null) say(started, { hold: `engine ${crypto.randomUUID()}` });
    return started;
  }

  function say(to: WorkerLike, message: ToWorker): void {
    to.postMessage(message, []);
  }

  /** Whoever gets the lock that a worker held knows that this worker is no more. */
  function mourn(held: WorkerLike, name: string): void {
    void locks?.request(name, () => {
      if (worker === held && dead === null) crash("it ended without a word");
    });
  }

  function crash(reason: string): void {
    dead = new AppError("backend-lost", `The engine stopped: ${reason}.`, {
      hint: "Restart the engine. Images and teacher have to be loaded again.",
    });
    worker.terminate();
    pulse.reset();
    rejectAll(dead);
    emit({ type: "backendLost", error: toWire(dead) });
  }

  function rejectAll(error: AppError): void {
    const waiting = [...pending.values()];
    pending.clear();
    for (const request of waiting) request.reject(error);
  }

  function emit(event: EngineEvent): void {
    if ("runId" in event && event.runId !== currentRunId) return;
    for (const listener of [...listeners]) listener(event);
  }

  function receive(message: FromWorker): void {
    pulse.hear();
    if ("pong" in message) return;
    if ("holding" in message) {
      mourn(worker, message.holding);
      return;
    }
    if ("event" in message) {
      emit(message.event);
      return;
    }
    const request = pending.get(message.id);
    if (request === undefined) return;
    pending.delete(message.id);
    if (message.ok) request.resolve(message.output);
    else request.reject(fromWire(message.error));
  }

  return {
    request<K extends RequestName>(name: K, input: Requests[K]["in"]): Promise<Requests[K]["out"]> {
      if (name === "inspectTeacher" && inspect !== undefined) {
        const { files } = input as Requests["inspectTeacher"]["in"];
        return inspect(files);
      }
      if (dead !== null) return Promise.reject(dead);
      let refused = (): void => undefined;
      if (name === "startRun") {
        // Its events may arrive before its answer. If it is refused, the run before goes on.
        const runIdBefore = currentRunId;
        currentRunId = (input as Requests["startRun"]["in"]).runId;
        refused = () => void (currentRunId = runIdBefore);
      }
      return new Promise((resolve, reject: (error: Error) => void) => {
        const id = ++lastId;
        pending.set(id, {
          resolve: resolve,
          reject(error) {
            refused();
            reject(error);
          },
        });
        const message: ToWorker = { id, name, input };
        try {
          worker.postMessage(message, [...buffersIn(input)]);
        } catch (error) {
          pending.delete(id);
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    restart() {
      worker.terminate();
      rejectAll(new AppError("cancelled", "The engine was restarted."));
      dead = null;
      currentRunId = "";
      worker = start();
    },
  };
}

function webLocks(): LockManager | null {
  // Only where pages are served in safety.
  return (globalThis.navigator as Navigator | undefined)?.locks ?? null;
}

/** The ArrayBuffers behind the typed arrays of a request, which are handed over rather than copied. */
function buffersIn(input: unknown): Set<ArrayBuffer> {
  const found = new Set<ArrayBuffer>();
  if (typeof input !== "object" || input === null) return found;
  for (const value of Object.values(input)) {
    if (ArrayBuffer.isView(value) && value.buffer instanceof ArrayBuffer) found.add(value.buffer);
    else if (value instanceof ArrayBuffer) found.add(value);
  }
  return found;
}
