import { describe, expect, test, vi } from "vitest";
import { AppError, toWire } from "../../contract/errors.ts";
import { metricColumns } from "../../contract/metrics.ts";
import type { TeacherInspection } from "../../contract/teacher.ts";
import type { EngineEvent, RequestName, ToWorker } from "../../contract/protocol.ts";
import { FakeWorker } from "../../lib/testing/fakeWorker.ts";
import type { EngineClientOptions } from "./engineClient.ts";
import { createEngineClient } from "./engineClient.ts";

interface Request {
  readonly id: number;
  readonly name: RequestName;
  readonly input: unknown;
}

/** An engine that answers requests as it is told, and holds its lock. */
function connect(
  answer: (message: Request, say: (message: unknown) => void) => void,
  options: EngineClientOptions = {},
) {
  const workers: FakeWorker[] = [];
  const client = createEngineClient(
    () => {
      const worker = new FakeWorker((message: Request | ToWorker, it) => {
        const say = (reply: unknown): void => queueMicrotask(() => it.say(reply));
        if ("id" in message) answer(message, say);
        else if ("hold" in message) say({ holding: message.hold });
      });
      workers.push(worker);
      return worker;
    },
    { locks: null, ...options },
  );
  return { client, workers };
}

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
    workers[0]!.crash("out of memory");
    await expect(waiting).rejects.toMatchObject({ code: "backend-lost" });
    await expect(client.request("memory", null)).rejects.toThrow(/out of memory/);
    expect(heard).toMatchObject([{ type: "backendLost" }]);
    expect(workers[0]!.terminated).toBe(true);

    client.restart();
    expect(workers).toHaveLength(2);
    expect(await client.request("memory", null)).toBe("alive");
  });

  test("a worker that ends without a word is missed as soon as its lock is free", async () => {
    const freed = new Map<string, () => unknown>();
    const locks = {
      request: (name: string, granted: () => unknown) => void freed.set(name, granted),
    } as unknown as LockManager;
    const { client } = connect(() => undefined, { locks });
    const heard: EngineEvent[] = [];
    client.subscribe((event) => heard.push(event));
    const waiting = client.request("memory", null);
    await vi.waitFor(() => expect(freed.size).toBe(1));
    const [granted] = freed.values();
    granted!();
    await expect(waiting).rejects.toMatchObject({
      code: "backend-lost",
      message: "The engine stopped: it ended without a word.",
    });
    expect(heard).toMatchObject([{ type: "backendLost" }]);

    client.restart();
    await vi.waitFor(() => expect(freed.size).toBe(2));
    granted!(); // of the worker before: that it is gone is known
    expect(heard).toHaveLength(1);
  });

  test("a worker that does not answer is silent, and may be restarted", async () => {
    vi.useFakeTimers({ toFake: ["setInterval"] });
    const { client } = connect(() => undefined);
    const heard: EngineEvent[] = [];
    client.subscribe((event) => heard.push(event));
    const waiting = client.request("memory", null);
    vi.advanceTimersByTime(33_000);
    vi.useRealTimers();
    expect(heard).toEqual([{ type: "silence", silentMs: 30_000 }]);
    client.restart();
    await expect(waiting).rejects.toMatchObject({ code: "cancelled" });
    expect(heard.at(-1)).toEqual({ type: "silence", silentMs: 0 });
  });

  test("what files hold is asked elsewhere, also while the engine is gone", async () => {
    const inspect = async () => ({ format: "pytorch" }) as TeacherInspection;
    const { client, workers } = connect(() => undefined, { inspect });
    workers[0]!.crash("out of memory");
    expect(await client.request("inspectTeacher", { files: [] })).toEqual({ format: "pytorch" });
  });
});
