import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { writeSafetensors } from "./safetensors.ts";
import { convolutionalEncoder } from "./testing/onnxModels.ts";
import { readsOrRefuses, refusalOf } from "./testing/refusal.ts";
import { dictionaryOf, floats, pickle, storage, tensor, torchZip } from "./testing/torchWriter.ts";
import { findWeights, readWeightFiles, type GivenFile } from "./weightFiles.ts";
import { writeZip } from "./zip.ts";

type Content = string | Uint8Array<ArrayBuffer>;
const given = (files: Readonly<Record<string, Content>>): GivenFile[] =>
  Object.entries(files).map(([path, content]) => ({
    path,
    content: new Blob([content]),
  }));
const safetensors = (...names: string[]) =>
  writeSafetensors(names.map((name) => ({ name, shape: [2], values: Float32Array.of(1, 2) })));
const pth = await torchZip(
  dictionaryOf({ w: tensor(storage({ key: "0", length: 1 }), 0, [1], [1]) }),
  new Map([["0", floats(1)]]),
);
const jpeg = Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 16);
const tfjs = JSON.stringify({
  modelTopology: { class_name: "Sequential" },
  weightsManifest: [
    { paths: ["./my-model.weights.bin"], weights: [{ name: "w", shape: [1], dtype: "float32" }] },
  ],
});

async function read(files: Readonly<Record<string, Content>>) {
  const weights = await readWeightFiles(given(files));
  const { notes } = weights.kind === "checkpoint" ? weights.checkpoint : weights.model;
  const names = weights.kind === "checkpoint" ? [...weights.checkpoint.tensors.keys()] : [];
  return { kind: weights.kind, about: weights.about, names, notes: notes.join(" ") };
}
const refusal = (files: Readonly<Record<string, Content>>) => refusalOf(() => readWeightFiles(given(files)));

describe("readWeightFiles", () => {
  it("leaves out what lies beside a checkpoint, and lists it", async () => {
    const found = await read({
      "t/.DS_Store": "\0",
      "t/README.md": "# hello",
      "t/config.json": '{"a": 1}',
      "t/optimizer.pt": pth,
      "t/model.safetensors": safetensors("w"),
    });
    expect(found).toMatchObject({ kind: "checkpoint", names: ["w"], about: { name: "model.safetensors" } });
    expect(found.notes).toMatch(/Left out: .*DS_Store.*README.*config.*optimizer/);
  });

  it("prefers safetensors where a hub keeps the same weights in several formats", async () => {
    const { about } = await read({
      "s/config.json": "{}",
      "s/pytorch_model.bin": pth,
      "s/model.safetensors": safetensors("a"),
      "s/model.fp16.safetensors": safetensors("a"),
      "s/onnx/model_quantized.onnx": convolutionalEncoder().bytes,
      "s/tf_model.h5": "\u0089HDF\r\n",
    });
    expect(about.name).toBe("model.safetensors");
  });

  it("joins shards by their index, and without one by their names", async () => {
    const shards = {
      "s/model-00001-of-00002.safetensors": safetensors("a"),
      "s/model-00002-of-00002.safetensors": safetensors("b"),
    };
    const map = { a: "model-00001-of-00002.safetensors", b: "model-00002-of-00002.safetensors" };
    const index = { "s/model.safetensors.index.json": JSON.stringify({ weight_map: map }) };
    expect((await read({ ...index, ...shards })).names).toEqual(["a", "b"]);
    expect((await read(shards)).names).toEqual(["a", "b"]);
    expect((await findWeights(given(shards))).format).toBe("safetensors, 2 parts");
  });

  it("names the parts that are missing, and no more of them than a person reads", async () => {
    const part = { "m-00001-of-00003.safetensors": safetensors("a") };
    expect(await refusal(part)).toMatchObject({
      message: expect.stringContaining("2 are missing") as string,
      details: ["m-00002-of-00003.safetensors", "m-00003-of-00003.safetensors"],
    });
    const map = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`w${i}`, `part${i}.safetensors`]));
    const { details } = await refusal({ "i.json": JSON.stringify({ weight_map: map }), ...part });
    expect(details.length).toBe(51);
    const { details: many } = await refusal({ "m-00001-of-99999.safetensors": safetensors("a") });
    expect(many.length).toBeLessThan(60);
  });

  it("knows a TensorFlow.js model by what its JSON says", async () => {
    const weights = new Uint8Array(4);
    const saved = { "my-model.json": tfjs, "my-model.weights.bin": weights };
    expect((await read(saved)).kind).toBe("tfjs");
    expect((await read({ "a/my-model (1).json": tfjs, "a/my-model.weights (1).bin": weights })).kind).toBe(
      "tfjs",
    );
    const zip = await writeZip(
      Object.entries({ ...saved, "notes.txt": "x" }).map(([path, bytes]) => ({
        path: `export/${path}`,
        bytes,
      })),
    );
    expect((await findWeights(given({ "export.zip": zip }))).format).toBe("TensorFlow.js model in a zip");
    expect((await read({ "export.zip": zip })).notes).toContain("notes.txt");
  });

  it("opens a zip around a checkpoint", async () => {
    const zip = await writeZip([
      { path: "r/README.md", bytes: "x" },
      { path: "r/model.pth", bytes: pth },
    ]);
    expect(await read({ "release.zip": zip })).toMatchObject({ names: ["w"], about: { name: "model.pth" } });
  });

  it("refuses several that could be meant, by name", async () => {
    const { message, details } = await refusal({
      "a.pth": pth,
      "b.safetensors": safetensors("w"),
      "c.txt": "x",
    });
    expect(message).toContain("2 of the files could be the teacher");
    expect(details).toEqual(["a.pth", "b.safetensors"]);
  });

  it("does not choose between two of one name side by side, but takes the outermost", async () => {
    const a = safetensors("a");
    expect((await refusal({ "a/m.safetensors": a, "longer/m.safetensors": a })).details.length).toBe(2);
    expect((await read({ "x/m.safetensors": a, "x/dense/m.safetensors": safetensors("b") })).names).toEqual([
      "a",
    ]);
  });

  it("says that pictures belong under Data, in a folder, in a zip or alone", async () => {
    const zip = await writeZip([{ path: "cats/1.jpg", bytes: jpeg }]);
    for (const files of [{ "cats/1.jpg": jpeg, "cats/2.jpg": jpeg }, { "cats.zip": zip }, { "1.jpg": jpeg }])
      expect((await refusal(files)).hint).toContain("under Data");
  });

  it("takes no list of parts for one that names none", async () => {
    const index = { "config.json": '{"weight_map": {}}' };
    expect((await read({ ...index, "model.safetensors": safetensors("w") })).names).toEqual(["w"]);
    expect((await refusal(index)).message).toContain("a JSON file");
  });

  it("counts the files in a zip, those that it does not look at included", async () => {
    const many = Array.from({ length: 800 }, (_, i) => ({ path: `notes/${i}.txt`, bytes: "x" }));
    const { message, details } = await refusal({ "notes.zip": await writeZip(many) });
    expect(message).toContain("None of the 800 files");
    expect(details.at(-1)).toBe("and 750 more");
  });

  it("does not unpack what no weights deflate to", async () => {
    const zip = await writeZip([{ path: "model.safetensors", bytes: new Uint8Array(80_000_000) }]);
    expect((await refusal({ "zeros.zip": zip })).code).toBe("file-unsupported");
    const zeros = new Uint8Array(80_000_000);
    const weights = dictionaryOf({
      w: tensor(storage({ key: "0", length: 20_000_000 }), 0, [20_000_000], [1]),
    });
    const deflated = await writeZip([
      { path: "m/data.pkl", bytes: pickle(weights) },
      { path: "m/data/0", bytes: zeros },
    ]);
    expect((await refusal({ "zeros.pth": deflated })).message).toContain("would unpack to");
    const tf = tfjs.replace('"shape":[1]', '"shape":[20000000]');
    const bomb = await writeZip([
      { path: "model.json", bytes: tf },
      { path: "my-model.weights.bin", bytes: new Uint8Array(80_000_000) },
    ]);
    expect(await refusal({ "bomb.zip": bomb })).toMatchObject({ code: "file-refused" });
  });

  it("reads or refuses any files, under any names, alone, together or zipped", async () => {
    const content = fc.constantFrom<Content>(
      ...["", "x", "{}", '{"weight_map": 3}', '{"weight_map": {"a": "model-00001-of-00002.safetensors"}}'],
      ...[tfjs, tfjs.slice(0, 90), '{"weightsManifest": [], "modelTopology": 3}', "[".repeat(50_000)],
      ...[pth, pth.slice(0, 200), jpeg, safetensors("w"), convolutionalEncoder().bytes, new Uint8Array(4)],
    );
    const name = fc.constantFrom(
      ...["model.json", "my-model.json", "my-model.weights.bin", "a/model.safetensors", "pytorch_model.bin"],
      ...["model-00001-of-00002.safetensors", "model-00003-of-00002.bin", "optimizer.pt", ".DS_Store"],
      ...["a/../model.onnx", "__proto__", "model.safetensors.index.json", "x.pth", "x-00000-of-00000.pth"],
    );
    const outcomes = { read: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.tuple(name, content), { maxLength: 5, selector: ([path]) => path }),
        fc.boolean(),
        async (list, isZipped) => {
          const files = isZipped
            ? { "f.zip": await writeZip(list.map(([path, bytes]) => ({ path, bytes }))) }
            : Object.fromEntries(list);
          outcomes[await readsOrRefuses(() => readWeightFiles(given(files)))]++;
        },
      ),
      { numRuns: 300 },
    );
    expect(outcomes.read).toBeGreaterThan(20);
    expect(outcomes.refused).toBeGreaterThan(20);
  });

  it("names a file that is nothing, and one that is empty", async () => {
    expect((await refusal({ "a.pth": "" })).message).toContain("empty");
    expect((await refusal({ "weights.bin": "\u0002\u0003abc" })).message).toContain("raw weights");
    expect((await refusalOf(() => readWeightFiles([]))).code).toBe("not-found");
  });
});
