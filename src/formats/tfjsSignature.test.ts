import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { TfjsModelFiles } from "./tfjsModel.ts";
import { readWeightFiles } from "./weightFiles.ts";
import { tfjsSignature, type ModelSignature } from "./tfjsSignature.ts";

const realModel = resolve(import.meta.dirname, "../../../shared/data/teachable-machine-mobilenet.zip");
if (!existsSync(realModel))
  console.warn(`No Teachable Machine export at ${realModel}: only self-made models are read.`);

const signatureOf = (
  format: TfjsModelFiles["format"],
  modelTopology: object,
  signature?: object,
): ModelSignature =>
  tfjsSignature({
    format,
    modelTopology,
    ...(signature === undefined ? {} : { signature }),
    weightSpecs: [],
    weightData: new ArrayBuffer(0),
    bytes: 0,
    name: "",
    labels: [],
    notes: [],
  });

const input = {
  class_name: "InputLayer",
  config: { name: "image", dtype: "float32", batch_input_shape: [null, 32, 32, 3] },
};
const dense = { class_name: "Dense", config: { name: "scores" } };
const functional = {
  class_name: "Functional",
  config: {
    // The order of the list is not that of the graph.
    layers: [dense, input],
    input_layers: [["image", 0, 0]],
    output_layers: [["scores", 0, 0]],
  },
};
const expected: ModelSignature = {
  inputs: [{ name: "image", dtype: "float32", shape: [null, 32, 32, 3] }],
  outputs: [{ name: "scores", dtype: null, shape: null }],
};

async function readTfjsZip(content: Blob, path: string): Promise<TfjsModelFiles> {
  const weights = await readWeightFiles([{ path, content }]);
  if (weights.kind !== "tfjs") throw new Error(`it was read as ${weights.kind}`);
  return weights.model;
}

describe("tfjsSignature", () => {
  it("reads the ends of functional, sequential and nested layers models", () => {
    const sequential = { class_name: "Sequential", config: [input, dense] };
    const named = { class_name: "Sequential", config: { name: "s", layers: [input, dense] } };
    const nested = { class_name: "Sequential", config: [functional, { class_name: "Dropout", config: {} }] };
    expect(signatureOf("layers-model", functional)).toEqual(expected);
    expect(signatureOf("layers-model", { model_config: functional, keras_version: "2" })).toEqual(expected);
    expect(signatureOf("layers-model", sequential)).toEqual(expected);
    expect(signatureOf("layers-model", named)).toEqual(expected);
    expect(signatureOf("layers-model", nested)).toEqual({
      inputs: expected.inputs,
      outputs: [{ name: "Dropout", dtype: null, shape: null }],
    });
  });

  it("finds the placeholders of a graph model that declares nothing", () => {
    const dim = [{ size: "-1" }, { size: "96" }, { size: 96 }, { size: "3" }];
    const node = [
      {
        name: "input",
        op: "Placeholder",
        attr: { dtype: { type: "DT_FLOAT" }, shape: { shape: { dim } }, _user: { s: "x" } },
      },
      { name: "anything", op: "Placeholder" },
      { name: "weights", op: "Const", attr: { value: {} } },
    ];
    expect(signatureOf("graph-model", { node })).toEqual({
      inputs: [
        { name: "input", dtype: "float32", shape: [null, 96, 96, 3] },
        { name: "anything", dtype: null, shape: null },
      ],
      outputs: [],
    });
  });

  it("takes any description whatever, however deep", () => {
    let deep: object = dense;
    for (let i = 0; i < 20_000; i++) deep = { class_name: "Sequential", config: [deep] };
    expect(signatureOf("layers-model", deep).outputs).toEqual(expected.outputs);
    const formats = fc.constantFrom("graph-model" as const, "layers-model" as const);
    const key = fc.constantFrom("node", "inputs", "config", "layers", "model_config", "class_name");
    fc.assert(
      fc.property(formats, key, fc.jsonValue(), (format, name, value) => {
        const { inputs, outputs } = signatureOf(format, { [name]: value }, { [name]: value });
        expect([inputs, outputs].every(Array.isArray)).toBe(true);
      }),
      { numRuns: 400 },
    );
  });

  it.runIf(existsSync(realModel))("reads a real Teachable Machine export", async () => {
    const model = await readTfjsZip(new Blob([readFileSync(realModel)]), "tm.zip");
    expect(tfjsSignature(model)).toEqual({
      inputs: [{ name: "input_1", dtype: "float32", shape: [null, 224, 224, 3] }],
      outputs: [{ name: "dense_Dense2", dtype: null, shape: null }],
    });
  });
});
