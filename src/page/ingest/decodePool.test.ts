import { describe, expect, it, vi } from "vitest";
import type { FromDecoder, ToDecoder } from "../../contract/decode.ts";
import type { WorkerLike } from "../engineClient.ts";
import { decoderCount, openDecodePool } from "./decodePool.ts";

const source = { kind: "file", file: new Blob([]) } as const;

/** A worker whose answers the test gives by hand. */
class HandWorker implements WorkerLike {
  onmessage: WorkerLike["onmessage"] = null;
  onerror: WorkerLike["onerror"] = null;
  onmessageerror: WorkerLike["onmessageerror"] = null;
  readonly received: ToDecoder[] = [];
  terminated = false;
  postMessage(message: unknown): void {
    this.received.push(message as ToDecoder);
  }
  terminate(): void {
    this.terminated = true;
  }
  answer(output: unknown): void {
    const { id } = this.received.at(-1)!;
    this.onmessage?.({ data: { id, ok: true, output } satisfies FromDecoder } as MessageEvent);
  }
  crash(message: string): void {
    this.onerror?.({ message, preventDefault: () => undefined } as ErrorEvent);
  }
}

function setUp(count: number) {
  const made: HandWorker[] = [];
  const pool = openDecodePool(count, () => {
    const worker = new HandWorker();
    made.push(worker);
    return worker;
  });
  const ask = () => pool.request("measure", { source });
  return { made, pool, ask };
}

describe("decode pool", () => {
  it("gives each worker one request at a time and the next when it is free", async () => {
    const { made, ask } = setUp(2);
    const answers = [ask(), ask(), ask()];
    expect(made.map((worker) => worker.received.length)).toEqual([1, 1]);
    made[1]!.answer("second");
    expect(made.map((worker) => worker.received.length)).toEqual([1, 2]);
    made[1]!.answer("third");
    made[0]!.answer("first");
    expect(await Promise.all(answers)).toEqual(["first", "second", "third"]);
  });

  it("replaces a worker that crashes and goes on; only its own request is lost", async () => {
    const { made, ask } = setUp(1);
    const first = ask();
    made[0]!.answer("fine");
    await first;
    const lost = ask();
    const next = ask();
    made[0]!.crash("out of memory");
    await expect(lost).rejects.toMatchObject({
      code: "image-rejected",
      message: "the decoder gave up: out of memory",
    });
    expect(made[0]!.terminated).toBe(true);
    made[1]!.answer("again");
    expect(await next).toBe("again");
  });

  it("gives up on a file that takes a minute", async () => {
    vi.useFakeTimers();
    try {
      const { made, ask } = setUp(1);
      const slow = ask();
      const next = ask();
      const rejected = expect(slow).rejects.toMatchObject({ code: "image-rejected" });
      await vi.advanceTimersByTimeAsync(60_000);
      await rejected;
      made[1]!.answer("quick");
      expect(await next).toBe("quick");
    } finally {
      vi.useRealTimers();
    }
  });

  it("says so when its program cannot be loaded at all, instead of trying for ever", async () => {
    const { made, ask } = setUp(2);
    const answers = [ask(), ask(), ask()];
    made[0]!.crash("");
    for (const answer of answers) await expect(answer).rejects.toMatchObject({ code: "network-failed" });
    await expect(ask()).rejects.toMatchObject({ code: "network-failed" });
    expect(made).toHaveLength(2);
  });

  it("rejects everything as cancelled once closed", async () => {
    const { made, pool, ask } = setUp(1);
    const answers = [ask(), ask()];
    pool.close();
    for (const answer of answers) await expect(answer).rejects.toMatchObject({ code: "cancelled" });
    expect(made.every((worker) => worker.terminated)).toBe(true);
  });

  it("leaves a core for the rest of the program", () => {
    expect([1, 2, 4, 8, 64].map(decoderCount)).toEqual([1, 1, 3, 6, 6]);
  });
});
