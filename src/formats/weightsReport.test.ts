import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { writeSafetensors } from "./safetensors.ts";
import { dictionaryOf, floats, global, storage, tensor, torchZip } from "./testing/torchWriter.ts";
import { readWeightFiles } from "./weightFiles.ts";
import { describeWeights, type CheckpointReport, type WeightsReport } from "./weightsReport.ts";
import { writeZip } from "./zip.ts";

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

const describeFile = async (path: string, content: Uint8Array<ArrayBuffer>): Promise<WeightsReport> =>
  describeWeights(await readWeightFiles([{ path, content }]));

/** A quantised graph model of one weight, zipped. */
const graphModel = {
  format: "graph-model",
  modelTopology: { node: [{ name: "image", op: "Placeholder" }] },
  signature: {
    inputs: {
      image: {
        name: "image:0",
        dtype: "DT_FLOAT",
        tensorShape: { dim: [{ size: "-1" }, { size: "224" }, { size: "224" }, { size: "3" }] },
      },
    },
    outputs: { features: { name: "Identity:0", dtype: "DT_FLOAT", tensorShape: { unknownRank: true } } },
  },
  weightsManifest: [
    {
      paths: ["w.bin"],
      weights: [{ name: "w", shape: [2, 2], dtype: "float32", quantization: { dtype: "uint8", scale: 1 } }],
    },
  ],
};
const graphZip = await writeZip([
  { path: "export/model.json", bytes: JSON.stringify(graphModel) },
  { path: "export/w.bin", bytes: Uint8Array.of(1, 2, 3, 4) },
]);

describe("describeWeights", () => {
  it("reports format, layout, every tensor and what is odd, as plain data", async () => {
    const report = await describeFile("moco.pth.tar", moco);
    expect(report).toEqual({
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

  it("reports a zipped TensorFlow.js model with what it takes, what it gives and its weights", async () => {
    expect(await describeFile("mobile.zip", graphZip)).toEqual({
      format: "tfjs-graph-model",
      name: "mobile",
      architecture: null,
      inputs: [{ name: "image", dtype: "float32", shape: [null, 224, 224, 3] }],
      outputs: [{ name: "features", dtype: "float32", shape: null }],
      labels: [],
      tensors: [{ name: "w", dtype: "float32", shape: [2, 2], storedAs: "uint8" }],
      notes: [],
    });
  });
});

type Printed = Partial<CheckpointReport> & { file?: string; bytes?: number; refused?: string };

describe("npm run inspect", () => {
  const folder = mkdtempSync(join(tmpdir(), "inspect-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const inspect = (...args: string[]): { status: number | null; json: Printed } => {
    const tool = resolve(import.meta.dirname, "../../tools/inspect.ts");
    const { status, stdout } = spawnSync(process.execPath, ["--import", "tsx", tool, ...args], {
      encoding: "utf8",
    });
    return { status, json: JSON.parse(stdout) as Printed };
  };

  it("prints one JSON object and succeeds for a file it can read", () => {
    const path = join(folder, "good.safetensors");
    writeFileSync(path, writeSafetensors([{ name: "x", shape: [2], values: Float32Array.of(1, 2) }]));
    const { status, json } = inspect(path);
    expect(status).toBe(0);
    expect(json).toMatchObject({ file: "good.safetensors", format: "safetensors", architecture: null });
    expect(json.tensors).toEqual([{ name: "x", dtype: "float32", shape: [2], as: "x" }]);
  });

  it("prints what a zipped TensorFlow.js model is", () => {
    const path = join(folder, "mobile.zip");
    writeFileSync(path, graphZip);
    const { status, json } = inspect(path);
    expect(status).toBe(0);
    expect(json).toMatchObject({ file: "mobile.zip", bytes: graphZip.length, format: "tfjs-graph-model" });
    expect(json.tensors?.map(({ name }) => name)).toEqual(["w"]);
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
