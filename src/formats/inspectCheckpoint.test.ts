import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { inspectCheckpoint, type CheckpointReport } from "./inspectCheckpoint.ts";
import { writeSafetensors } from "./safetensors.ts";
import { dictionaryOf, floats, global, storage, tensor, torchZip } from "./testing/torchWriter.ts";

const moco = await torchZip(
  dictionaryOf({
    epoch: 9,
    state_dict: dictionaryOf({
      "module.encoder_q.conv1.weight": tensor(
        storage({ key: "0", length: 27 }),
        0,
        [1, 3, 3, 3],
        [27, 9, 3, 1],
      ),
      "module.queue": tensor(storage({ key: "1", length: 2 }), 0, [2], [1]),
    }),
  }),
  new Map([
    ["0", floats(...Array.from({ length: 27 }, (_, i) => i))],
    ["1", floats(1, NaN)],
  ]),
);

describe("inspectCheckpoint", () => {
  it("reports format, layout, every tensor and what is odd, as plain data", async () => {
    const report = await inspectCheckpoint(moco, "moco.pth.tar");
    expect(report).toEqual({
      file: "moco.pth.tar",
      bytes: moco.length,
      format: "pytorch-zip",
      layout: {
        name: "moco",
        title: expect.stringContaining("query encoder") as string,
        wrappers: ["state_dict", "module", "encoder_q"],
      },
      architecture: null,
      tensors: [
        {
          name: "state_dict.module.encoder_q.conv1.weight",
          dtype: "float32",
          shape: [1, 3, 3, 3],
          as: "conv1.weight",
        },
        { name: "state_dict.module.queue", dtype: "float32", shape: [2], ignored: "MoCo's queue of keys" },
      ],
      nonFinite: [{ name: "state_dict.module.queue", count: 1 }],
      metadata: { epoch: 9 },
      notes: [],
    });
    expect(structuredClone(report)).toEqual(report);
  });
});

describe("npm run inspect", () => {
  const folder = mkdtempSync(join(tmpdir(), "inspect-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const inspect = (
    ...args: string[]
  ): { status: number | null; json: Partial<CheckpointReport> & { refused?: string } } => {
    const tool = resolve(import.meta.dirname, "../../tools/inspect.ts");
    const { status, stdout } = spawnSync(process.execPath, ["--import", "tsx", tool, ...args], {
      encoding: "utf8",
    });
    return { status, json: JSON.parse(stdout) as Partial<CheckpointReport> & { refused?: string } };
  };

  it("prints one JSON object and succeeds for a file it can read", () => {
    const path = join(folder, "good.safetensors");
    writeFileSync(path, writeSafetensors([{ name: "x", shape: [2], values: Float32Array.of(1, 2) }]));
    const { status, json } = inspect(path);
    expect(status).toBe(0);
    expect(json.tensors).toEqual([{ name: "x", dtype: "float32", shape: [2], as: "x" }]);
  });

  it("prints the reason and fails for one it refuses, one that is not there, and none", async () => {
    const path = join(folder, "evil.pth");
    writeFileSync(path, await torchZip(global("os", "system"), new Map()));
    for (const [args, reason] of [
      [[path], /os\.system/],
      [[join(folder, "missing.pth")], /no file/],
      [[folder], /not a file/],
      [[], /one file/],
    ] as const) {
      const { status, json } = inspect(...args);
      expect([status, json.refused]).toEqual([1, expect.stringMatching(reason)]);
    }
  });
});
