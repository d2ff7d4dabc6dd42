import type { WorkerPort } from "../channel.ts";

/** A worker whose part the test plays. Messages are cloned and buffers handed over as with a real one. */
export class FakeWorker implements WorkerPort {
  readonly received: unknown[] = [];
  terminated = false;
  readonly #events = new EventTarget();
  readonly #onMessage: (message: never, worker: FakeWorker) => void;

  constructor(onMessage: (message: never, worker: FakeWorker) => void = () => undefined) {
    this.#onMessage = onMessage;
  }

  postMessage(message: unknown, transfer: Transferable[]): void {
    const copy: unknown = structuredClone(message, { transfer });
    this.received.push(copy);
    this.#onMessage(copy as never, this);
  }

  addEventListener(type: string, listener: (event: never) => void): void {
    this.#events.addEventListener(type, listener as EventListener);
  }

  dispatchEvent(event: Event): void {
    this.#events.dispatchEvent(event);
  }

  terminate(): void {
    this.terminated = true;
  }

  /** The page hears this. */
  say(data: unknown): void {
    this.dispatchEvent(Object.assign(new Event("message"), { data }));
  }

  crash(message: string): void {
    this.dispatchEvent(Object.assign(new Event("error"), { message }));
  }
}
