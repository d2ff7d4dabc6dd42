import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readWeightFiles } from "./weightFiles.ts";
import { readsOrRefuses, refusalOf } from "./testing/refusal.ts";
import { hasTfjsModel, readTfjsModel, type NamedFile, type TfjsModelFiles } from "./tfjsModel.ts";
import { writeZip } from "./zip.ts";

const realModel = resolve(import.meta.dirname, "../../../shared/data/teachable-machine-mobilenet.zip");
if (!existsSync(realModel))
  console.warn(`No Teachable Machine export at ${realModel}: only self-made models are read.`);

const file = (path: string, content: Uint8Array | string): NamedFile => {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : Uint8Array.from(content);
  return { path, size: bytes.length, read: () => Promise.resolve(bytes) };
};
const floats = (...values: number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);

const manifest = [
  {
    paths: ["group1-shard1of2.bin", "group1-shard2of2.bin"],
    weights: [
      { name: "w", shape: [2, 2], dtype: "float32" },
      { name: "q", shape: [3], dtype: "float32", quantization: { dtype: "uint8", scale: 0.5, min: -1 } },
    ],
  },
  { paths: ["weights/group2.bin"], weights: [{ name: "b", shape: [], dtype: "int32" }] },
];
const layersModel = { modelTopology: { class_name: "Sequential" }, weightsManifest: manifest };
const shards = (folder = ""): NamedFile[] => [
  file(`${folder}group1-shard1of2.bin`, floats(1, 2, 3)),
  file(`${folder}group1-shard2of2.bin`, Uint8Array.from([...floats(4), 7, 8, 9])),
  file(`${folder}weights/group2.bin`, Uint8Array.of(5, 0, 0, 0)),
];
const files = (model: unknown = layersModel, folder = ""): NamedFile[] => [
  file(`${folder}model.json`, JSON.stringify(model)),
  ...shards(folder),
];

async function readTfjsZip(content: Blob, path: string): Promise<TfjsModelFiles> {
  const weights = await readWeightFiles([{ path, content }]);
  if (weights.kind !== "tfjs") throw new Error(`it was read as ${weights.kind}`);
  return weights.model;
}

describe("TensorFlow.js models", () => {
  it("joins the shards in order and passes quantised weights on as they are described", async () => {
    const model = await readTfjsModel(files(), "mine");
    expect(model).toMatchObject({ format: "layers-model", name: "mine", bytes: 23, labels: [], notes: [] });
    expect(model.modelTopology).toEqual({ class_name: "Sequential" });
    expect(model.weightSpecs).toEqual(manifest.flatMap(({ weights }) => weights));
    expect(new Uint8Array(model.weightData)).toEqual(
      Uint8Array.from([...floats(1, 2, 3, 4), 7, 8, 9, 5, 0, 0, 0]),
    );
  });

  it("finds a model in nested folders, in a zip, and beside files chosen one by one", async () => {
    const nested = files(layersModel, "exports/v1/");
    expect(hasTfjsModel(nested.map(({ path }) => path))).toBe(true);
    expect(hasTfjsModel(["model.safetensors", "a/my-model.json"])).toBe(false);
    expect((await readTfjsModel([file("exports/readme.txt", "x"), ...nested], "n")).bytes).toBe(23);
    const entries = await Promise.all(nested.map(async ({ path, read }) => ({ path, bytes: await read() })));
    const zip = await writeZip(entries);
    expect(await readTfjsZip(new Blob([zip]), "mobile.zip")).toMatchObject({ name: "mobile", bytes: 23 });
    const flat = files().map(({ path, ...rest }) => ({ path: path.replace("weights/", ""), ...rest }));
    expect((await readTfjsModel(flat, "flat")).bytes).toBe(23);
  });

  it("tells graph models from layers models, also where the export does not say", async () => {
    const kinds: [object, string][] = [
      [{ ...layersModel, format: "graph-model", signature: { inputs: {} } }, "graph-model"],
      [{ ...layersModel, modelTopology: { node: [], library: {} } }, "graph-model"],
      [{ ...layersModel, modelTopology: { model_config: {} } }, "layers-model"],
      [{ ...layersModel, format: "layers-model" }, "layers-model"],
    ];
    for (const [model, format] of kinds) expect((await readTfjsModel(files(model), "x")).format).toBe(format);
    expect((await readTfjsModel(files(kinds[0]![0]), "x")).signature).toEqual({ inputs: {} });
  });

  it("reads what Teachable Machine writes beside it", async () => {
    const metadata = file(
      "model/metadata.json",
      JSON.stringify({ tmVersion: "1.1.0", modelName: "cats", labels: ["cat", "dog"] }),
    );
    const model = await readTfjsModel([...files(layersModel, "model/"), metadata], "x");
    expect(model).toMatchObject({
      name: "cats",
      labels: ["cat", "dog"],
      notes: ["Exported by Teachable Machine 1.1.0."],
    });
  });

  it("allocates nothing that the files do not hold, and cuts the list of what is missing", async () => {
    const huge = { name: "w", shape: [2 ** 27], dtype: "float32" };
    const many = Array.from({ length: 5000 }, (_, i) => `w${i}.bin`);
    const model = (paths: readonly string[]) =>
      files({ ...layersModel, weightsManifest: [{ paths, weights: [huge] }] });
    expect((await refusalOf(() => readTfjsModel(model(["weights/group2.bin"]), "x"))).message).toMatch(
      /shorter/,
    );
    const { message, details } = await refusalOf(() => readTfjsModel(model(many), "x"));
    expect(message).toMatch(/5000 of the model's 5000/);
    expect(details.length).toBe(51);
    expect(details.at(-1)).toBe("and 4950 more");
  });

  const withPaths = (...paths: string[]): object => ({
    ...layersModel,
    weightsManifest: [{ ...manifest[0], paths }],
  });
  const withWeight = (weight: object): object => ({
    ...layersModel,
    weightsManifest: [{ paths: ["weights/group2.bin"], weights: [weight] }],
  });
  it.each<[string, NamedFile[], RegExp]>([
    ["no model.json", shards(), /no model.json/],
    ["no JSON", [file("model.json", "<html>")], /not valid JSON/],
    [
      "no manifest",
      [file("model.json", JSON.stringify({ modelTopology: {} }))],
      /not that of a TensorFlow.js model/,
    ],
    ["a missing shard", files().slice(0, -1), /1 of the model's 3 weight files are missing/],
    [
      "a short shard",
      [...files().slice(0, -1), file("weights/group2.bin", Uint8Array.of(5))],
      /3 bytes shorter/,
    ],
    ["a long shard", [...files().slice(0, -1), file("weights/group2.bin", new Uint8Array(5))], /longer/],
    [
      "one shard named twice",
      files(withPaths("weights/group2.bin", "weights/group2.bin")),
      /"weights\/group2.bin" twice/,
    ],
    [
      "a model of Keras 3",
      files({ ...layersModel, modelTopology: { keras_version: "3.3.3", model_config: {} } }),
      /Keras 3 \(3.3.3\), which TensorFlow.js cannot build/,
    ],
    [
      "a model of Keras 3 that does not say so",
      files({
        ...layersModel,
        modelTopology: { config: { layers: [{ module: "keras.layers", registered_name: null }] } },
      }),
      /Keras 3, which/,
    ],
    ["a path outside", files(withPaths("../../etc/passwd")), /outside its folder/],
    ["a URL for a path", files(withPaths("https://example.org/w.bin")), /weight files are missing/],
    ["text weights", files(withWeight({ name: "s", shape: [1], dtype: "string" })), /not that of/],
    ["a negative shape", files(withWeight({ name: "s", shape: [-1], dtype: "int32" })), /not that of/],
    ["terabytes", files(withWeight({ name: "s", shape: [2 ** 40], dtype: "int32" })), /at most/],
    ["an unknown format", files({ ...layersModel, format: "tflite" }), /format "tflite"/],
    ["an unknown topology", files({ ...layersModel, modelTopology: {} }), /neither/],
  ])("refuses a model with %s", async (_, given, message) => {
    expect((await refusalOf(() => readTfjsModel(given, "x"))).message).toMatch(message);
  });

  it("reads or refuses any model.json, and nothing else", async () => {
    const keys = ["modelTopology", "weightsManifest", "format", "signature"];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...keys),
        fc.jsonValue(),
        fc.boolean(),
        async (key, value, weights) => {
          const model = weights
            ? { ...layersModel, weightsManifest: [{ ...manifest[0], weights: [value] }] }
            : { ...layersModel, [key]: value };
          await readsOrRefuses(() => readTfjsModel(files(model), "x"));
        },
      ),
      { numRuns: 400 },
    );
  });

  it.runIf(existsSync(realModel))("reads a real Teachable Machine export", async () => {
    const model = await readTfjsZip(new Blob([readFileSync(realModel)]), "tm.zip");
    expect(model).toMatchObject({
      format: "layers-model",
      name: "tm",
      labels: ["Class 1", "Class 2"],
      bytes: 2154032,
    });
    const described = model.weightSpecs.reduce(
      (sum, { shape }) => sum + 4 * shape.reduce((a, b) => a * b, 1),
      0,
    );
    expect(described).toBe(model.weightData.byteLength);
    expect(model.weightSpecs[0]).toEqual({ name: "Conv1/kernel", shape: [3, 3, 3, 16], dtype: "float32" });
  });
});
