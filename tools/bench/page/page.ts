/** What `npm run bench` drives in a browser: one worker for each contestant, asked one at a time. */
import { probeWebGpu, type AdapterInfo } from "../../../src/worker/adapterInfo.ts";
import type { WorkerReply, WorkerRequestName, WorkerRequests } from "./workerMessages.ts";

export interface BenchPage {
  adapter(): Promise<AdapterInfo>;
  /** Asks the worker called `worker`, which is started when there is none. */
  ask<K extends WorkerRequestName>(
    worker: string,
    name: K,
    body: WorkerRequests[K]["in"],
  ): Promise<WorkerRequests[K]["out"]>;
  /** Ends a worker and gives back all it holds. */
  end(worker: string): void;
}

declare global {
  interface Window {
    benchPage?: BenchPage;
  }
}

const workers = new Map<string, Worker>();
let lastId = 0;

window.benchPage = {
  adapter: probeWebGpu,
  ask: <K extends WorkerRequestName>(name: string, request: K, body: WorkerRequests[K]["in"]) => {
    let worker = workers.get(name);
    if (worker === undefined) {
      worker = new Worker(new URL("./stepWorker.ts", import.meta.url), { type: "module", name });
      workers.set(name, worker);
    }
    return post(worker, request, body) as Promise<WorkerRequests[K]["out"]>;
  },
  end: (name) => {
    workers.get(name)?.terminate();
    workers.delete(name);
  },
};

function post(worker: Worker, name: string, body: unknown): Promise<unknown> {
  const id = ++lastId;
  return new Promise((resolve, reject) => {
    const settle = ({ data }: MessageEvent<WorkerReply>): void => {
      if (data.id !== id) return;
      worker.removeEventListener("message", settle);
      if ("problem" in data) reject(new Error(data.problem));
      else resolve(data.result);
    };
    worker.addEventListener("message", settle);
    worker.addEventListener(
      "error",
      (event) => reject(new Error(event.message || "the worker did not load")),
      {
        once: true,
      },
    );
    worker.postMessage({ id, name, body });
  });
}
