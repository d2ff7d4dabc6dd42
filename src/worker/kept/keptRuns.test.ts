import { beforeEach, describe, expect, test } from "vitest";
import type { KeptRun } from "../../contract/keptRun.ts";
import { AppError } from "../../contract/errors.ts";
import { writeRunCheckpoint } from "../../formats/runCheckpoint.ts";
import { sampleCheckpoint } from "../../formats/testing/sampleCheckpoint.ts";
import { sampleRun } from "../../formats/testing/sampleRun.ts";
import { demoBlocks } from "../../ml/data/demoBlocks.ts";
import { ImageStore } from "../../ml/data/imageStore.ts";
import { MemoryFiles } from "./fileStore.ts";
import { keepImages, keepTeacher, readImages, readTeacher } from "./keptInputs.ts";
import { KeptRuns } from "./keptRuns.ts";
import { lockedRuns, lockRun, type Locks } from "./runLock.ts";

const runId = "run-sample-1";
const plenty = async (): Promise<number> => Infinity;
let files: MemoryFiles;
let kept: KeptRuns;
beforeEach(() => {
  files = new MemoryFiles();
  kept = new KeptRuns(files);
});

function save(step: number): Promise<void> {
  const checkpoint = sampleCheckpoint(step);
  return kept.saveCheckpoint(checkpoint, writeRunCheckpoint(checkpoint));
}

async function stepKept(): Promise<number | null> {
  return (await kept.checkpoint(runId))?.facts.step ?? null;
}

function record(change: Partial<KeptRun> = {}): KeptRun {
  return {
    format: "disco-playground-kept-run",
    formatVersion: 1,
    runId,
    name: "defaults",
    note: "",
    starred: false,
    startedAt: "2026-11-29T10:00:00.000Z",
    ablation: false,
    verdict: "",
    run: sampleRun,
    ...change,
  };
}

describe("checkpoints", () => {
  test("the last one holds", async () => {
    expect(await stepKept()).toBeNull();
    for (const step of [3, 5, 9]) {
      await save(step);
      expect(await stepKept()).toBe(step);
    }
    expect((await files.list()).length).toBe(3); // two slots and the manifest, however many there were
  });

  /** What the files are after each write, the last of them torn in the middle. */
  test("a crash at any write leaves the one before", async () => {
    await save(3);
    await save(5);
    const before = new Map(files.files);
    const slot = [...before.keys()].find((name) => name.endsWith("checkpoint-a"))!;
    const whole = writeRunCheckpoint(sampleCheckpoint(9));
    for (let length = 0; length <= whole.length; length += 101) {
      files.files.set(slot, whole.slice(0, length)); // the older one is being overwritten
      expect(await stepKept()).toBe(5);
    }
    await save(9);
    const manifest = `${runId}.checkpoint.json`;
    const text = new TextDecoder().decode(files.files.get(manifest));
    for (let length = 0; length < text.length; length += 13) {
      files.files.set(manifest, new TextEncoder().encode(text.slice(0, length)));
      expect(await stepKept()).toBe(9);
    }
  });

  test("one that a disk has spoilt is passed over", async () => {
    await save(3);
    await save(5);
    const [slot] = [...files.files.keys()].filter((name) => name.endsWith("checkpoint-b"));
    const bytes = files.files.get(slot!)!.slice();
    bytes[bytes.length - 1]! ^= 1; // a number of the student: the file still is a valid one
    files.files.set(slot!, bytes);
    expect(await stepKept()).toBe(3);
  });

  test("without room the one before stays, and the need is said", async () => {
    await save(3);
    await save(5);
    const used = (await files.list()).reduce((sum, { bytes }) => sum + bytes, 0);
    const full = new MemoryFiles(used + 10);
    for (const [name, bytes] of files.files) full.files.set(name, bytes);
    files = full;
    kept = new KeptRuns(full);
    await expect(save(400)).rejects.toThrow(/no room for 0.0 MB/);
    expect(await stepKept()).toBe(5);
  });

  test("of a run that is over one file is left", async () => {
    await save(3);
    await save(5);
    await kept.settleCheckpoint(runId);
    expect(await stepKept()).toBe(5);
    expect((await files.list()).length).toBe(2);
  });
});

describe("records", () => {
  test("are listed with what goes with them, the oldest first", async () => {
    await save(5);
    await kept.saveRecord(record());
    await kept.saveRecord(record({ runId: "run-older-1", startedAt: "2026-11-28T10:00:00.000Z", note: "n" }));
    await kept.saveStudent("run-older-1", Uint8Array.of(1, 2, 3));
    const { runs } = await kept.list((id) => id === runId);
    expect(
      runs.map(({ record, hasStudent, isElsewhere }) => [record.runId, hasStudent, isElsewhere]),
    ).toEqual([
      ["run-older-1", true, false],
      [runId, false, true],
    ]);
    expect(runs[1]!.checkpoint).toMatchObject({ step: 5, totalSteps: 480 });
    expect(runs[0]!.record).toEqual(record({ ...runs[0]!.record }));
  });

  test("one that is torn hides no other", async () => {
    await kept.saveRecord(record());
    files.files.set("run-torn-1.record.json", new TextEncoder().encode('{"format":"disco-playg'));
    expect((await kept.list(() => false)).runs.length).toBe(1);
  });

  test("an id that is a path is the name of nothing", async () => {
    for (const id of ["../x", "", "a/b", "A", "x".repeat(65)]) {
      await expect(async () => kept.checkpoint(id)).rejects.toThrow(AppError);
      await expect(kept.saveRecord(record({ runId: id }))).rejects.toThrow(AppError);
    }
  });

  test("metrics are those of the end, or of a checkpoint that is further", async () => {
    await save(5);
    expect((await kept.numbers(runId)).metrics.length).toBe(5 * 8);
    await kept.saveMetrics(runId, new Float32Array(6 * 8).fill(2));
    expect((await kept.numbers(runId)).metrics).toEqual(new Float32Array(6 * 8).fill(2));
    await save(9);
    expect((await kept.numbers(runId)).metrics.length).toBe(9 * 8);
  });

  test("deleting leaves nothing, and images only as long as a checkpoint needs them", async () => {
    const store = new ImageStore(24);
    for (const block of demoBlocks({ seed: 3, count: 20, size: 24 })) store.append(block);
    const { fingerprint } = await store.seal({
      name: "mine",
      kind: "own",
      labels: Array<string>(99).fill("x"),
    });
    await keepImages(files, store, plenty);
    const checkpoint = sampleCheckpoint(5);
    const own = { ...checkpoint, facts: { ...checkpoint.facts, dataFingerprint: fingerprint } };
    await kept.saveCheckpoint(own, writeRunCheckpoint(own));
    await kept.saveRecord(record());
    await kept.sweep();
    expect(await readImages(files, fingerprint)).not.toBeNull();
    await kept.delete(runId);
    await kept.sweep();
    expect(await files.list()).toEqual([]);
  });
});

describe("the visitor's own", () => {
  test("images come back, with names, labels and fingerprint", async () => {
    const store = new ImageStore(24);
    for (const block of demoBlocks({ seed: 3, count: 20, size: 24 })) store.append(block);
    const labels = Array.from({ length: 99 }, (_, i) => (i % 3 === 0 ? "" : `label ${i % 3}`));
    const summary = await store.seal({ name: "mine", kind: "own", labels });
    expect(await keepImages(files, store, plenty)).toBe(true);
    const back = (await readImages(files, summary.fingerprint))!;
    expect(back.summary).toEqual(summary);
    expect(back.nameOf(7)).toBe(store.nameOf(7));
    expect(back.pixelsOf(19)).toEqual(store.pixelsOf(19));
    const [name] = [...files.files.keys()];
    const whole = files.files.get(name!)!;
    for (const length of [0, 9, 500, whole.length - 1]) {
      files.files.set(name!, whole.slice(0, length));
      expect(await readImages(files, summary.fingerprint)).toBeNull();
    }
    await expect(keepImages(files, store, async () => 1000)).rejects.toThrow(/no room/);
  });

  test("a teacher's files come back as files", async () => {
    const given = [new File([Uint8Array.of(1, 2, 3)], "model.json"), new File([], "empty.bin")];
    const recipe = { inputSize: 32 };
    await keepTeacher(files, "ab".repeat(32), { files: given, recipe }, plenty);
    const back = (await readTeacher(files, "ab".repeat(32)))!;
    expect(back.recipe).toEqual(recipe);
    expect(back.files.map(({ name, size }) => [name, size])).toEqual([
      ["model.json", 3],
      ["empty.bin", 0],
    ]);
    expect(new Uint8Array(await back.files[0]!.arrayBuffer())).toEqual(Uint8Array.of(1, 2, 3));
    expect(await readTeacher(files, "cd".repeat(32))).toBeNull();
  });
});

test("a run that is going in one tab is refused in another until it is let go", async () => {
  const held = new Map<string, Promise<void>>();
  const locks = {
    async request(name: string, { signal }: { signal: AbortSignal }, callback: () => Promise<void>) {
      const aborted = new Promise<never>((_, reject) => {
        signal.addEventListener("abort", () => reject(new Error("aborted")));
      });
      while (held.has(name)) await Promise.race([held.get(name), aborted]);
      const work = callback();
      held.set(name, work);
      await work;
      held.delete(name);
    },
    query: async () => ({ held: [...held.keys()].map((name) => ({ name })) }),
  } as unknown as Locks;
  const lock = await lockRun(locks, runId);
  expect([...(await lockedRuns(locks))]).toEqual([runId]);
  await expect(lockRun(locks, runId, 20)).rejects.toThrow(/another tab/);
  const waiting = lockRun(locks, runId, 1000);
  lock.release();
  (await waiting).release();
  await new Promise((resolve) => setTimeout(resolve, 0));
  expect((await lockedRuns(locks)).size).toBe(0);
});
