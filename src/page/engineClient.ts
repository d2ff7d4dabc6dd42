import { AppError, fromWire, toWire } from "../contract/errors.ts";
import type {
  Engine,
  EngineEvent,
  FromWorker,
  RequestName,
  Requests,
  ToWorker,
} from "../contract/protocol.ts";

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

interface Pending {
  resolve(output: unknown): void;
  reject(error: AppError): void;
}

/**
 * The engine as the page sees it: a worker behind `Engine`.
 *
 * A worker that crashes rejects all that was asked of it and says `backendLost`; until `restart` every further
 * request is refused. Events of any run but the one started last are dropped.
 */
export function createEngineClient(createWorker: () => WorkerLike): EngineClient {
  const listeners = new Set<(event: EngineEvent) => void>();
  const pending = new Map<number, Pending>();
  let lastId = 0;
  let currentRunId = "";
  let dead: AppError | null = null;
  let worker = start();

  function start(): WorkerLike {
    const started = createWorker();
    started.onmessage = (event) => receive(event.data as FromWorker);
    started.onerror = (event) => {
      event.preventDefault();
      crash(event.message === "" ? "the worker could not be loaded" : event.message);
    };
    started.onmessageerror = () => crash("a message of the worker could not be read");
    return started;
  }

  function crash(reason: string): void {
    dead = new AppError("backend-lost", `The engine stopped: ${reason}.`, {
      hint: "Restart the engine. Images and teacher have to be loaded again.",
    });
    worker.terminate();
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
