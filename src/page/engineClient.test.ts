import { MessageChannel } from "node:worker_threads";
import { describe, expect, test } from "vitest";
import { AppError, toWire } from "../contract/errors.ts";
import { metricColumns } from "../contract/metrics.ts";
import type { EngineEvent, FromWorker, ToWorker } from "../contract/protocol.ts";
import type { WorkerLike } from "./engineClient.ts";
import { createEngineClient } from "./engineClient.ts";

/** The far end of a real message channel, so that messages are cloned and buffers handed over as with a worker. */
function connect(answer: (message: ToWorker, say: (message: FromWorker) => void) => void) {
  const workers: (WorkerLike & { terminated: boolean })[] = [];
  const client = createEngineClient(() => {
    const { port1, port2 } = new MessageChannel();
    port2.on("message", (message: ToWorker) => answer(message, (reply) => port2.postMessage(reply)));
    const worker: WorkerLike & { terminated: boolean } = {
      terminated: false,
      postMessage: (message, transfer) => port1.postMessage(message, transfer as never),
      terminate() {
        worker.terminated = true;
        port1.close();
      },
      onmessage: null,
      onerror: null,
      onmessageerror: null,
    };
    port1.on("message", (data: unknown) => worker.onmessage?.({ data } as MessageEvent));
    workers.push(worker);
    return worker;
  });
  return { client, workers };
}
const failingWith = (message: string) => ({ message, preventDefault: () => undefined }) as ErrorEvent;

describe("engine client", () => {
  test("answers reach their own request, whatever their order", async () => {
    const held: (() => void)[] = [];
    const { client } = connect(({ id, name }, say) => {
      const reply = () => say({ id, ok: true, output: name });
      if (name === "memory") reply();
      else held.push(reply);
    });
    const slow = client.request("dropTeacher", null);
    expect(await client.request("memory", null)).toBe("memory");
    held.forEach((reply) => reply());
    expect(await slow).toBe("dropTeacher");
  });

  test("an error comes out whole", async () => {
    const error = new AppError("teacher-mismatch", "2 tensors are missing", {
      hint: "Try another",
      details: ["a", "b"],
    });
    const { client } = connect(({ id }, say) => say({ id, ok: false, error: toWire(error) }));
    const caught: unknown = await client.request("memory", null).catch((thrown: unknown) => thrown);
    expect(caught).toBeInstanceOf(AppError);
    expect(caught).toMatchObject({
      code: error.code,
      message: error.message,
      hint: "Try another",
      details: ["a", "b"],
    });
  });

  test("image bytes are handed over, not copied", async () => {
    const { client } = connect(({ id, input }, say) => {
      const { pixels } = input as { pixels: Uint8Array };
      say({ id, ok: true, output: { count: pixels.length } });
    });
    const pixels = new Uint8Array(300);
    const block = { size: 10, pixels, classes: new Int16Array(1), names: ["a"] };
    expect(await client.request("addImages", block)).toEqual({ count: 300 });
    expect(pixels.byteLength).toBe(0);
  });

  test("late events of an earlier run are dropped; a refused start leaves the run that is going", async () => {
    const { client } = connect(({ id, name, input }, say) => {
      if (name !== "startRun") return;
      const { runId } = input as { runId: string };
      if (runId === "refused") {
        say({ id, ok: false, error: { code: "busy", message: "a run is going" } });
        return;
      }
      for (const source of ["first", "second"]) {
        const rows = new Float32Array(metricColumns.length);
        say({ event: { type: "metrics", runId: source, rows } });
      }
      say({ id, ok: true, output: null });
    });
    const heard: EngineEvent[] = [];
    const stop = client.subscribe((event) => heard.push(event));
    const start = (runId: string) =>
      client.request("startRun", { runId, config: {} as never, paused: false });
    await start("first");
    await start("second");
    expect(heard.map((event) => "runId" in event && event.runId)).toEqual(["first", "second"]);
    await expect(start("refused")).rejects.toThrow("a run is going");
    await start("second");
    expect(heard).toHaveLength(3);
    stop();
    await start("first");
    expect(heard).toHaveLength(3);
  });

  test("a crash rejects everything, is told, and refuses more until a restart", async () => {
    const { client, workers } = connect(({ id, name }, say) => {
      if (name === "memory") say({ id, ok: true, output: "alive" });
    });
    const heard: EngineEvent[] = [];
    client.subscribe((event) => heard.push(event));
    const waiting = client.request("dropTeacher", null);
    workers[0]!.onerror?.(failingWith("out of memory"));
    await expect(waiting).rejects.toMatchObject({ code: "backend-lost" });
    await expect(client.request("memory", null)).rejects.toThrow(/out of memory/);
    expect(heard).toMatchObject([{ type: "backendLost" }]);
    expect(workers[0]!.terminated).toBe(true);

    client.restart();
    expect(workers).toHaveLength(2);
    expect(await client.request("memory", null)).toBe("alive");
    workers[1]!.terminate();
  });
});
