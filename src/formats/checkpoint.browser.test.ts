/** The readers in a real browser: its own inflate, its own Blobs, without workers and without eval. */
import { describe, expect, it } from "vitest";
import { readCheckpoint } from "./checkpoint.ts";
import { refusalOf } from "./testing/refusal.ts";
import { dictionaryOf, floats, global, storage, tensor, torchZip } from "./testing/torchWriter.ts";
import { openZip, writeZip } from "./zip.ts";

const checkpoint = await torchZip(
  dictionaryOf({ x: tensor(storage({ key: "0", length: 6 }), 0, [3, 2], [1, 3]) }),
  new Map([["0", floats(0, 1, 2, 3, 4, 5)]]),
);

describe("formats in the browser", () => {
  it("writes and reads zips", async () => {
    const zip = await writeZip([{ path: "a/ü.txt", bytes: "x".repeat(5000) }]);
    expect(zip.length).toBeLessThan(500);
    const { entries } = await openZip(new File([zip], "a.zip"));
    expect(new TextDecoder().decode(await entries[0]!.read())).toBe("x".repeat(5000));
  });

  it("reads checkpoints and refuses hostile ones", async () => {
    const { tensors } = await readCheckpoint(new File([checkpoint], "x.pth"), "x.pth");
    expect([...tensors.get("x")!.toFloat32()]).toEqual([0, 3, 1, 4, 2, 5]);
    const evil = await torchZip(global("os", "system"), new Map());
    expect((await refusalOf(() => readCheckpoint(evil, "x"))).code).toBe("file-refused");
  });

  it("needs no worker of its own and no eval", async () => {
    const made: string[] = [];
    const { Worker: RealWorker, Function: RealFunction } = globalThis;
    globalThis.Worker = new Proxy(RealWorker, {
      construct: () => {
        made.push("Worker");
        throw new Error("a worker was made");
      },
    });
    globalThis.Function = new Proxy(RealFunction, {
      construct: () => {
        made.push("Function");
        throw new Error("code was made");
      },
    });
    try {
      const zip = await writeZip([{ path: "a", bytes: "x".repeat(100_000) }]);
      const { entries } = await openZip(zip);
      expect((await entries[0]!.read()).length).toBe(100_000);
      await readCheckpoint(checkpoint, "x.pth");
    } finally {
      globalThis.Worker = RealWorker;
      globalThis.Function = RealFunction;
    }
    expect(made).toEqual([]);
  });
});
