/** What `npm run bench` drives in a browser: one worker for each contestant, asked one at a time. */
import { probeWebGpu, type AdapterInfo } from "../../../src/worker/engine/adapterInfo.ts";
import { askWorker } from "./workerChannel.ts";
import type { WorkerKind } from "./workerMessages.ts";

export interface BenchPage {
  adapter(): Promise<AdapterInfo>;
  /** Asks the worker called `worker`, which is started when there is none. Types: `WorkerRequests`. */
  ask(kind: WorkerKind, worker: string, name: string, body: unknown): Promise<unknown>;
  /** Ends a worker and gives back all it holds. */
  end(worker: string): void;
}

declare global {
  interface Window {
    benchPage?: BenchPage;
  }
}

const start: Readonly<Record<WorkerKind, () => Worker>> = {
  step: () => new Worker(new URL("./stepWorker.ts", import.meta.url), { type: "module" }),
  op: () => new Worker(new URL("./opWorker.ts", import.meta.url), { type: "module" }),
  augment: () => new Worker(new URL("./augmentWorker.ts", import.meta.url), { type: "module" }),
  objective: () => new Worker(new URL("./objectiveWorker.ts", import.meta.url), { type: "module" }),
};
const workers = new Map<string, Worker>();

window.benchPage = {
  adapter: probeWebGpu,
  ask: (kind, name, request, body) => {
    const worker = workers.get(name) ?? start[kind]();
    workers.set(name, worker);
    return askWorker(worker, request, body);
  },
  end: (name) => {
    workers.get(name)?.terminate();
    workers.delete(name);
  },
};
