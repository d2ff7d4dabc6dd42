import type { AdapterInfo } from "../../src/worker/engine/adapterInfo.ts";
import type { WorkerKind, WorkerRequests } from "./page/workerMessages.ts";

type Request<K extends WorkerKind, N> = N extends keyof WorkerRequests[K] ? WorkerRequests[K][N] : never;
export type RequestBody<K extends WorkerKind, N> = Request<K, N> extends { in: infer In } ? In : never;
export type RequestAnswer<K extends WorkerKind, N> = Request<K, N> extends { out: infer Out } ? Out : never;

/** Where contestants run, each in a worker of its own: a browser, or Node processes on a native WebGPU. */
export interface BenchHost extends AsyncDisposable {
  /** What WebGPU computes on. */
  readonly adapter: AdapterInfo;
  /** "Chromium 156.0". */
  readonly version: string;
  readonly logicalCores: number;
  /**
   * Asks the worker called `worker`, which is started when there is none.
   *
   * @throws Error with what the worker said, or when it does not answer in time.
   */
  ask<K extends WorkerKind, N extends string & keyof WorkerRequests[K]>(
    kind: K,
    worker: string,
    name: N,
    body: RequestBody<K, N>,
  ): Promise<RequestAnswer<K, N>>;
  /** Ends a worker and gives back all it holds. */
  end(worker: string): Promise<void>;
}

const answerLimitMs = 15 * 60_000;

/** @throws Error when there is no answer in time. */
export async function inTime<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    const give = (): void => reject(new Error(`no answer within ${answerLimitMs / 60_000} minutes`));
    timer = setTimeout(give, answerLimitMs);
  });
  try {
    return await Promise.race([answer, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
