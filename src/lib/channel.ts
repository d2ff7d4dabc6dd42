/**
 * Requests across a message port: one end serves them, the other connects and asks. Requests are typed by a map from
 * names to what goes in and what comes out. Both ends of a port may serve and ask at once, and send other messages too:
 * each takes what is meant for it.
 */
export type RequestMap<R> = { readonly [K in keyof R]: { in: unknown; out: unknown } };

/** What a worker, a worker's own global scope and a message port have in common. */
export interface Port {
  postMessage(message: unknown, transfer: Transferable[]): void;
  addEventListener(type: "message", listener: (event: MessageEvent<unknown>) => void): void;
}

/** A worker, or whatever a test puts in its place. */
export interface WorkerPort extends Port {
  addEventListener(type: "message" | "messageerror", listener: (event: MessageEvent<unknown>) => void): void;
  addEventListener(type: "error", listener: (event: ErrorEvent) => void): void;
  terminate(): void;
}

type Question =
  | { readonly id: number; readonly name: string; readonly input: unknown }
  | { readonly id: number; readonly cancel: true };
type Answer =
  | { readonly id: number; readonly ok: true; readonly output: unknown }
  | { readonly id: number; readonly ok: false; readonly error: unknown }
  | { readonly id: number; readonly progress: unknown };

/** What a request is answered with, besides its input. */
interface Call {
  /** Aborted when whoever asked no longer wants the answer. An answer is sent all the same. */
  readonly signal: AbortSignal;
  readonly onProgress: (progress: unknown) => void;
}

export type Handlers<R extends RequestMap<R>> = {
  readonly [K in keyof R]: (input: R[K]["in"], call: Call) => Promise<R[K]["out"]>;
};

export interface ServeOptions {
  /** Makes of whatever was thrown what can be sent. */
  readonly toWire: (error: unknown, signal: AbortSignal) => unknown;
  /** What is handed over with an answer rather than copied; nothing by default. */
  readonly transfer?: (output: unknown) => Transferable[];
}

/** Answers requests by a table of handlers, or by one function for all. */
export function serve<R extends RequestMap<R>>(
  port: Port,
  handlers: Handlers<R> | (<K extends keyof R>(name: K, input: R[K]["in"]) => Promise<R[K]["out"]>),
  { toWire, transfer = () => [] }: ServeOptions,
): void {
  const underWay = new Map<number, AbortController>();
  const post = (answer: Answer, handedOver: Transferable[] = []): void =>
    port.postMessage(answer, handedOver);

  const answer = async (id: number, name: keyof R, input: never): Promise<void> => {
    const controller = new AbortController();
    const { signal } = controller;
    underWay.set(id, controller);
    try {
      const call: Call = { signal, onProgress: (progress) => post({ id, progress }) };
      const output = await (typeof handlers === "function"
        ? handlers(name, input)
        : handlers[name](input, call));
      post({ id, ok: true, output }, transfer(output));
    } catch (error) {
      post({ id, ok: false, error: toWire(error, signal) });
    } finally {
      underWay.delete(id);
    }
  };

  port.addEventListener("message", ({ data }) => {
    const question = data as Question;
    if ("cancel" in question) underWay.get(question.id)?.abort();
    else if ("name" in question) void answer(question.id, question.name as keyof R, question.input as never);
  });
}

interface RequestOptions {
  /** Tells the other end that the answer is no longer wanted; what comes of that is up to it. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: never) => void;
  /** What is handed over with the request rather than copied. */
  readonly transfer?: Transferable[];
}

export interface Connection<R extends RequestMap<R>> {
  /** @throws what the handler threw, or the reason the connection was closed for. */
  request<K extends keyof R & string>(
    name: K,
    input: R[K]["in"],
    options?: RequestOptions,
  ): Promise<R[K]["out"]>;
  /** Requests that have no answer yet. */
  readonly pending: number;
  /** Rejects all that is under way and all that is asked later. */
  close(reason: Error): void;
}

interface Pending {
  readonly resolve: (output: never) => void;
  readonly reject: (error: Error) => void;
  readonly onProgress: ((progress: never) => void) | undefined;
}

/** Asks the other end of a port, which serves. */
export function connect<R extends RequestMap<R>>(
  port: Port,
  fromWire: (error: never) => Error,
): Connection<R> {
  const pending = new Map<number, Pending>();
  let lastId = 0;
  let closed: Error | null = null;

  port.addEventListener("message", ({ data }) => {
    const answer = data as Answer;
    const request = pending.get(answer.id);
    if (request === undefined) return;
    if ("progress" in answer) {
      request.onProgress?.(answer.progress as never);
    } else if ("ok" in answer) {
      pending.delete(answer.id);
      if (answer.ok) request.resolve(answer.output as never);
      else request.reject(fromWire(answer.error as never));
    }
  });

  const post = (question: Question, transfer: Transferable[] = []): void =>
    port.postMessage(question, transfer);

  return {
    async request(name, input, { signal, onProgress, transfer } = {}) {
      if (closed !== null) throw closed;
      const id = ++lastId;
      const cancel = (): void => post({ id, cancel: true });
      try {
        return await new Promise((resolve, reject: (error: Error) => void) => {
          pending.set(id, { resolve, reject, onProgress });
          post({ id, name, input }, transfer);
          signal?.addEventListener("abort", cancel, { once: true });
        });
      } finally {
        pending.delete(id); // what could not be posted has no answer
        signal?.removeEventListener("abort", cancel);
      }
    },
    get pending() {
      return pending.size;
    },
    close(reason) {
      if (closed !== null) return;
      closed = reason;
      for (const { reject } of pending.values()) reject(reason);
      pending.clear();
    },
  };
}

/** Calls back when a worker fails: when its program cannot be loaded, or throws what nobody catches. */
export function onCrash(worker: WorkerPort, crashed: (reason: string) => void): void {
  worker.addEventListener("error", (event) => {
    event.preventDefault();
    crashed(event.message === "" ? "its program could not be loaded" : event.message);
  });
  worker.addEventListener("messageerror", () => crashed("a message could not be read"));
}

/** The buffers of the typed arrays that a message consists of, or has as fields or in lists of its own. */
export function buffersIn(message: unknown): ArrayBuffer[] {
  if (typeof message !== "object" || message === null) return [];
  const values = ArrayBuffer.isView(message) ? [message] : Object.values(message).flat();
  const buffers = values.flatMap((value: unknown) =>
    ArrayBuffer.isView(value) && value.buffer instanceof ArrayBuffer ? [value.buffer] : [],
  );
  return [...new Set(buffers)];
}
