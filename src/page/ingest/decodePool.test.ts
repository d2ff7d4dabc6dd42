import { describe, expect, it, vi } from "vitest";
import { FakeWorker } from "../../lib/testing/fakeWorker.ts";
import { decoderCount, jobsPerWorker, openDecodePool } from "./decodePool.ts";

const source = { kind: "file", file: new Blob([]) } as const;

/** A worker whose answers the test gives by hand. */
class HandWorker extends FakeWorker {
  /** Answers the oldest request that has none yet. */
  async answer(output: unknown): Promise<void> {
    const { id } = this.received[this.#answered++]! as { id: number };
    this.say({ id, ok: true, output });
    for (let i = 0; i < 5; i++) await Promise.resolve();
  }
  #answered = 0;
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
    await made[1]!.answer("2");
    await made[1]!.answer("4");
    expect(made.map((worker) => worker.received.length)).toEqual([jobsPerWorker, jobsPerWorker + 2]);
    for (const text of ["1", "3", "5"]) await made[0]!.answer(text);
    for (const text of ["6", "7", "8"]) await made[1]!.answer(text);
    expect(await Promise.all(answers)).toEqual(["1", "2", "3", "4", "5", "6", "7", "8"]);
  });

  it("replaces a worker that crashes and tries its requests once more", async () => {
    const { made, ask } = setUp(1);
    const first = ask();
    await made[0]!.answer("fine");
    await first;
    const [poison, innocent] = [ask(), ask()];
    made[0]!.crash("out of memory"); // the later one is asked again first, and answered before the second crash
    expect(made[0]!.terminated).toBe(true);
    expect(made[1]!.received).toHaveLength(2);
    await made[1]!.answer("again");
    expect(await innocent).toBe("again");
    made[1]!.crash("out of memory");
    await expect(poison).rejects.toMatchObject({
      code: "image-rejected",
      message: "the decoder gave up: out of memory",
    });
    const next = ask();
    await made[2]!.answer("going on");
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
      await made[1]!.answer("quick");
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
