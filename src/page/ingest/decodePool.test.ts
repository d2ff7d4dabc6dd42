import { describe, expect, it, vi } from "vitest";
import type { FromDecoder, ToDecoder } from "../../contract/decode.ts";
import type { WorkerLike } from "../engine/engineClient.ts";
import { decoderCount, jobsPerWorker, openDecodePool } from "./decodePool.ts";

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
  /** Answers the oldest request that has none yet. */
  answer(output: unknown): void {
    const { id } = this.received[this.#answered++]!;
    this.onmessage?.({ data: { id, ok: true, output } satisfies FromDecoder } as MessageEvent);
  }
  #answered = 0;
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
  it("deals requests out evenly, a few to each worker, and the next to whoever is free", async () => {
    const { made, ask } = setUp(2);
    const answers = Array.from({ length: 2 * jobsPerWorker + 2 }, ask);
    expect(made.map((worker) => worker.received.length)).toEqual([jobsPerWorker, jobsPerWorker]);
    expect(made[0]!.received.map(({ id }) => id)).toEqual([1, 3, 5]);
    made[1]!.answer("2");
    made[1]!.answer("4");
    expect(made.map((worker) => worker.received.length)).toEqual([jobsPerWorker, jobsPerWorker + 2]);
    for (const text of ["1", "3", "5"]) made[0]!.answer(text);
    for (const text of ["6", "7", "8"]) made[1]!.answer(text);
    expect(await Promise.all(answers)).toEqual(["1", "2", "3", "4", "5", "6", "7", "8"]);
  });

  it("replaces a worker that crashes and tries its requests once more", async () => {
    const { made, ask } = setUp(1);
    const first = ask();
    made[0]!.answer("fine");
    await first;
    const [poison, innocent] = [ask(), ask()];
    made[0]!.crash("out of memory");
    expect(made[0]!.terminated).toBe(true);
    expect(made[1]!.received).toHaveLength(2);
    const served = made[1]!.received.findIndex(({ id }) => id === made[0]!.received[2]!.id);
    expect(served).toBe(0); // the innocent one, as it happens; it is answered before the second crash
    made[1]!.answer("again");
    expect(await innocent).toBe("again");
    made[1]!.crash("out of memory");
    await expect(poison).rejects.toMatchObject({
      code: "image-rejected",
      message: "the decoder gave up: out of memory",
    });
    const next = ask();
    made[2]!.answer("going on");
    expect(await next).toBe("going on");
  });

  it("gives up on a file that takes a minute, and on that file only", async () => {
    vi.useFakeTimers();
    try {
      const { made, ask } = setUp(1);
      const slow = ask();
      await vi.advanceTimersByTimeAsync(1000);
      const next = ask();
      const rejected = expect(slow).rejects.toMatchObject({ code: "image-rejected" });
      await vi.advanceTimersByTimeAsync(59_000);
      await rejected;
      expect(made).toHaveLength(2);
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
