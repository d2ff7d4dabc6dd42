import { describe, expect, it } from "vitest";
import { writeSafetensors } from "../../formats/safetensors.ts";
import { global, torchZip } from "../../formats/testing/torchWriter.ts";
import { writeZip } from "../../formats/zip.ts";
import { namedEncoder } from "../../ml/models/encoder.ts";
import { createCheckpointTeacher } from "../../ml/teachers/checkpointTeacher.ts";
import { readCheckpoint } from "../../formats/checkpoint.ts";
import { tensorsOf, torchCheckpoint } from "../../ml/testing/torchCheckpoint.ts";
import { inspectTeacher } from "./inspectTeacher.ts";

const network = namedEncoder("resnet18", "cifar", 4, { hidden: 24, out: 12 });
const tensors = tensorsOf(network);
const moco = await torchCheckpoint(tensors, "module.encoder_q.");
const inspect = (path: string, content: Uint8Array<ArrayBuffer>) => inspectTeacher([{ path, content }]);

describe("inspectTeacher", () => {
  it("tells what a PyTorch checkpoint holds, as it will be when it is used", async () => {
    const inspection = await inspect("folder/moco.pth.tar", moco);
    expect(inspection).toMatchObject({
      format: "PyTorch checkpoint, zip",
      stages: "2, 2, 2, 2 basic blocks; 4, 8, 16, 32 channels",
      mismatch: null,
      refusal: null,
    });
    expect(inspection.layout).toMatch(/^MoCo .*state_dict → module → encoder_q/);
    expect(inspection.card).toMatchObject({ name: "moco.pth.tar", bytes: moco.length, embeddingDim: 12 });
    expect(inspection.tensors.count).toBe(tensors.length);
    expect(inspection.tensors.first[0]).toEqual({
      name: "state_dict.module.encoder_q.conv1.weight",
      dtype: "float32",
      shape: [4, 3, 3, 3],
      use: "conv1.weight",
    });
    const elements = tensors.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
    expect(inspection.elements).toBe(elements);
    expect(structuredClone(inspection)).toEqual(inspection);

    const about = { name: "moco.pth.tar", bytes: moco.length };
    const teacher = createCheckpointTeacher(await readCheckpoint(moco, "moco.pth.tar"), about);
    expect(inspection.card).toEqual(teacher.card);
    teacher.dispose();
  });

  it("lists what is missing, unexpected and of the wrong shape, and says so beside each tensor", async () => {
    const changed = tensors
      .filter(({ name }) => name !== "layer2.0.bn1.bias" && name !== "layer3.1.conv2.weight")
      .map((tensor) => (tensor.name === "layer1.0.bn1.weight" ? { ...tensor, shape: [5] } : tensor));
    const file = await torchCheckpoint([...changed, { name: "layer1.0.adapter.weight", shape: [2] }]);
    const { card, mismatch, refusal, tensors: listed } = await inspect("odd.pth", file);
    expect(refusal).toMatchObject({
      code: "teacher-mismatch",
      message: expect.stringMatching(/^4 tensors do not fit ResNet-18/) as string,
    });
    expect(card).not.toBeNull();
    expect(mismatch).toEqual({
      missing: {
        count: 2,
        first: [
          { name: "layer2.0.bn1.bias", shape: [8] },
          { name: "layer3.1.conv2.weight", shape: [16, 16, 3, 3] },
        ],
      },
      unexpected: { count: 1, first: [{ name: "layer1.0.adapter.weight", shape: [2] }] },
      wrongShape: { count: 1, first: [{ name: "layer1.0.bn1.weight", shape: [5], expected: [4] }] },
    });
    const uses = new Map(listed.first.map(({ name, use }) => [name, use]));
    expect(uses.get("state_dict.layer1.0.adapter.weight")).toBe("unexpected");
    expect(uses.get("state_dict.layer1.0.bn1.weight")).toBe("wrong shape: [4] is needed");
    expect(uses.get("state_dict.layer1.0.bn1.bias")).toBe("layer1.0.bn1.bias");
  });

  it("says that a classifier and other networks are left out", async () => {
    const bare = tensorsOf(namedEncoder("resnet18", "cifar", 4, null));
    const classifier = { name: "fc.weight", shape: [10, 32] };
    const values = ({ shape }: { shape: readonly number[] }) =>
      new Float32Array(shape.reduce((a, b) => a * b, 1));
    const file = writeSafetensors(
      [...bare, classifier].map((tensor) => ({ ...tensor, values: values(tensor) })),
    );
    const { card, refusal, tensors: listed } = await inspect("classifier.safetensors", file);
    expect(refusal).toBeNull();
    expect(card?.embeddingDim).toBe(32);
    expect(listed.first.find(({ name }) => name === "fc.weight")?.use).toBe("not used: a classifier");
  });

  it("refuses a file that would run code, by the name of what it would run", async () => {
    const {
      format,
      card,
      refusal,
      tensors: listed,
    } = await inspect("evil.pth", await torchZip(global("os", "system"), new Map()));
    expect({ format, card, count: listed.count }).toEqual({
      format: "PyTorch checkpoint, zip",
      card: null,
      count: 0,
    });
    expect(refusal?.code).toBe("file-refused");
    expect(refusal?.message).toContain("os.system");
  });

  it("refuses values that are not finite, in tensors that would be used", async () => {
    const values = ({ name, shape }: { name: string; shape: readonly number[] }) =>
      new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(name === "bn1.bias" ? NaN : 1);
    const file = writeSafetensors(tensors.map((tensor) => ({ ...tensor, values: values(tensor) })));
    const { refusal, mismatch } = await inspect("diverged.safetensors", file);
    expect(mismatch).toBeNull();
    expect(refusal).toMatchObject({ code: "file-unreadable", details: ["bn1.bias: 4 values"] });
  });

  it("refuses integers in the place of weights, and takes what counts batches for what it is", async () => {
    const bare = tensorsOf(namedEncoder("resnet18", "cifar", 4, null));
    const file = writeSafetensors(
      bare.map(({ name, shape }) => ({
        ...{ name, shape, values: new Float32Array(shape.reduce((a, b) => a * b, 1)) },
        dtype: /num_batches_tracked|^conv1/.test(name) ? "int64" : "float32",
      })),
    );
    expect((await inspect("int.safetensors", file)).refusal).toMatchObject({
      code: "teacher-mismatch",
      message: expect.stringMatching(/^1 tensors .*integers \(conv1.weight: int64\): quantised/) as string,
    });
  });

  it("names a network whose layers are others, and the way in", async () => {
    const grouped = tensors.map((tensor) =>
      tensor.name === "layer1.0.conv2.weight" ? { ...tensor, shape: [4, 1, 3, 3] } : tensor,
    );
    const { refusal } = await inspect("resnext.pth", await torchCheckpoint(grouped));
    expect(refusal?.message).toMatch(/grouped convolutions/);
    expect(refusal?.hint).toMatch(/torch.onnx.export/);
  });

  it("lists the tensors of an architecture that nobody knows here", async () => {
    const file = writeSafetensors([{ name: "blocks.0.attn", shape: [2, 3], values: new Float32Array(6) }]);
    expect(await inspect("vit.safetensors", file)).toMatchObject({
      format: "safetensors",
      card: null,
      elements: 6,
      tensors: { count: 1, first: [{ name: "blocks.0.attn", use: "" }] },
      refusal: { code: "teacher-mismatch" },
    });
  });

  it("sends the page the first few thousand tensors of a huge list", async () => {
    const many = Array.from({ length: 6000 }, (_, i) => ({
      name: `t${i}`,
      shape: [1],
      values: Float32Array.of(i),
    }));
    const { tensors: listed, elements } = await inspect("many.safetensors", writeSafetensors(many));
    expect([listed.count, listed.first.length, elements]).toEqual([6000, 5000, 6000]);
  });

  it("tells what a TensorFlow.js model takes, gives and weighs, zipped or as files", async () => {
    const model = {
      modelTopology: {
        class_name: "Sequential",
        config: [
          { class_name: "Conv2D", config: { name: "conv", batch_input_shape: [null, 32, 32, 3] } },
          { class_name: "GlobalAveragePooling2D", config: { name: "pool" } },
        ],
      },
      weightsManifest: [
        { paths: ["w.bin"], weights: [{ name: "conv/kernel", shape: [1, 1, 3, 2], dtype: "float32" }] },
      ],
    };
    const files = [
      { path: "export/model.json", content: new TextEncoder().encode(JSON.stringify(model)) },
      { path: "export/w.bin", content: new Uint8Array(24) },
      { path: "export/metadata.json", content: new TextEncoder().encode('{"labels": ["cat", "dog"]}') },
    ];
    const inspection = await inspectTeacher(files);
    expect(inspection).toMatchObject({
      format: "TensorFlow.js model",
      card: null,
      inputs: ["conv [any, 32, 32, 3]"],
      outputs: ["pool"],
      elements: 6,
      tensors: { count: 1, first: [{ name: "conv/kernel", dtype: "float32", shape: [1, 1, 3, 2], use: "" }] },
      refusal: null,
    });
    expect(inspection.notes[0]).toContain("cat, dog");
    const zip = await writeZip(files.map(({ path, content }) => ({ path, bytes: content })));
    expect(await inspect("export.zip", zip)).toEqual({
      ...inspection,
      format: "TensorFlow.js model in a zip",
    });
  });

  it("shows no more of a hostile file than a person reads, and nothing that turns text", async () => {
    const long = "\u202e" + "n".repeat(10_000);
    const names = Array.from({ length: 3000 }, (_, i) => `${long}${i}`);
    const ports = Object.fromEntries(names.slice(0, 100).map((name) => [name, { dtype: long }]));
    const json = {
      format: "graph-model",
      modelTopology: {
        node: [
          { name: "x", op: "Placeholder" },
          ...names.slice(0, 300).map((name) => ({ name, op: long, input: ["x"] })),
          { name: "end", op: "Mean", input: ["x"] },
        ],
      },
      signature: { inputs: ports, outputs: ports },
      weightsManifest: [{ paths: ["w.bin"], weights: [{ name: long, shape: [1], dtype: "float32" }] }],
    };
    const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
    const inspection = await inspectTeacher([
      { path: "m.json", content: text(json) },
      { path: "w.bin", content: new Uint8Array(4) },
      { path: "metadata.json", content: text({ labels: names.slice(0, 100) }) },
    ]);
    expect(inspection.refusal).toBeNull();
    expect(inspection.options?.outputs).toEqual([expect.objectContaining({ name: "end" })]);
    expect(inspection.inputs).toHaveLength(21);
    expect(inspection.inputs.at(-1)).toBe("and 80 more");
    const said = JSON.stringify(inspection);
    expect(said.length).toBeLessThan(50_000);
    expect(said).not.toContain("\u202e");
  });

  it("refuses what is nothing, and several files that are no model", async () => {
    const text = (content: string) => new TextEncoder().encode(content);
    expect((await inspect("a.pth", new Uint8Array())).refusal?.message).toContain("empty");
    expect(await inspect("a.gz", Uint8Array.of(0x1f, 0x8b, 8, 0))).toMatchObject({
      format: "gzip archive",
      refusal: { code: "file-unsupported" },
    });
    const two = await inspectTeacher([
      { path: "a.pth", content: text("a") },
      { path: "b.pth", content: text("b") },
    ]);
    expect(two).toMatchObject({
      format: "2 files",
      refusal: {
        details: ["a.pth: not a kind of file that is known here", expect.stringContaining("b.pth")],
      },
    });
    expect((await inspectTeacher([])).refusal?.code).toBe("not-found");
  });

  it("says where files are pictures, in a zip too", async () => {
    const jpeg = Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 16);
    const zip = await writeZip([{ path: "cats/1.jpg", bytes: jpeg }]);
    const readme = { path: "a/README.md", content: new TextEncoder().encode("hello") };
    for (const files of [
      [{ path: "1.jpg", content: jpeg }],
      [{ path: "a/1.jpg", content: jpeg }, readme],
      [{ path: "cats.zip", content: zip }],
    ])
      expect((await inspectTeacher(files)).holdsPictures).toBe(true);
    expect((await inspectTeacher([readme])).holdsPictures).toBe(false);
    expect(
      (
        await inspectTeacher([
          { path: "moco.pth", content: moco },
          { path: "1.jpg", content: jpeg },
        ])
      ).holdsPictures,
    ).toBe(false);
  });
});
