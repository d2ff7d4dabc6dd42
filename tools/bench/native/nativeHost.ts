import { fork, type ChildProcess } from "node:child_process";
import { availableParallelism } from "node:os";
import { extname, join } from "node:path";
import type { AdapterInfo } from "../../../src/worker/engine/adapterInfo.ts";
import type { WorkerKind, WorkerRequests } from "../page/workerMessages.ts";
import type { PostedReply, PostedRequest } from "../page/workerChannel.ts";
import { inTime, type BenchHost, type RequestAnswer, type RequestBody } from "../benchHost.ts";

/** Beside this file, as TypeScript or bundled. */
const program = join(import.meta.dirname, `nativeWorker${extname(import.meta.filename)}`);

/**
 * Contestants in Node processes, on the WebGPU implementation of Chromium (Dawn, npm package `webgpu`): for machines
 * with a GPU and without a browser. The browser remains the reference.
 */
export class NativeHost implements BenchHost {
  private readonly workers = new Map<string, ChildProcess>();
  private lastId = 0;

  private constructor(
    readonly adapter: AdapterInfo,
    readonly version: string,
    readonly logicalCores: number,
  ) {}

  /** @throws Error when the package `webgpu` is not installed, or offers no adapter. */
  static async open(): Promise<NativeHost> {
    const child = start("adapter");
    try {
      const adapter = await inTime(
        new Promise<AdapterInfo>((resolve, reject) => {
          child.once("message", (found) => resolve(found as AdapterInfo));
          child.once("exit", () => reject(new Error("No WebGPU in Node; what it says stands above.")));
        }),
      );
      return new NativeHost(adapter, `Node ${process.version}, Dawn`, availableParallelism());
    } finally {
      child.kill();
    }
  }

  async ask<K extends WorkerKind, N extends string & keyof WorkerRequests[K]>(
    kind: K,
    worker: string,
    name: N,
    body: RequestBody<K, N>,
  ): Promise<RequestAnswer<K, N>> {
    const child = this.workers.get(worker) ?? start(kind);
    this.workers.set(worker, child);
    const id = ++this.lastId;
    const answer = new Promise<unknown>((resolve, reject) => {
      const settle = (reply: PostedReply): void => {
        if (reply.id !== id) return;
        stopListening();
        if ("problem" in reply) reject(new Error(reply.problem));
        else resolve(reply.result);
      };
      const ended = (): void => {
        stopListening();
        this.workers.delete(worker);
        reject(new Error("its process ended"));
      };
      const stopListening = (): void => {
        child.off("message", settle);
        child.off("exit", ended);
      };
      child.on("message", settle);
      child.on("exit", ended);
    });
    child.send({ id, name, body } satisfies PostedRequest);
    return (await inTime(answer)) as RequestAnswer<K, N>;
  }

  end(worker: string): Promise<void> {
    this.workers.get(worker)?.kill("SIGKILL");
    this.workers.delete(worker);
    return Promise.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const worker of [...this.workers.keys()]) await this.end(worker);
  }
}

function start(kind: WorkerKind | "adapter"): ChildProcess {
  return fork(program, [kind], { serialization: "advanced", stdio: ["ignore", 2, 2, "ipc"] });
}
