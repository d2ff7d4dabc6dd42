import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fileKindOf } from "./fileKind.ts";
import { looksLikeOnnx, readOnnxModel } from "./onnxModel.ts";
import { describeValue, imageInputOf, onnxOptions } from "./onnxOptions.ts";
import { withOutput } from "./onnxOutput.ts";
import { encodeVarint } from "./protobuf.ts";
import { convolutionalEncoder, transformerEncoder, transformerShape } from "./testing/onnxModels.ts";
import { writeOnnx, type WrittenModel } from "./testing/onnxWriter.ts";
import { readsOrRefuses, refusalOf } from "./testing/refusal.ts";
import { readWeightFiles } from "./weightFiles.ts";

const { model: written, bytes } = convolutionalEncoder();
const read = (file: Uint8Array<ArrayBuffer>) => readOnnxModel(file, "encoder.onnx");
const changed = (change: Partial<WrittenModel>) => read(writeOnnx({ ...written, ...change }));

describe("readOnnxModel", () => {
  it("tells what a file holds", () => {
    const model = read(bytes);
    expect(model).toMatchObject({ irVersion: 8, producer: "test writer" });
    expect([...model.opsets]).toEqual([["", 17]]);
    expect(model.inputs.map(describeValue)).toEqual([
      "image [any, 3, any, any] float32",
      "words [any, 5] float32",
    ]);
    expect(model.outputs.map(describeValue)).toEqual([
      "logits [any, 10] float32",
      "text_embeds [any, 4] float32",
    ]);
    expect(model.nodes.map(({ op }) => op)).toEqual(written.nodes.map(({ op }) => op));
    expect(model.weights.map(({ name, dtype, shape }) => ({ name, dtype, shape }))).toEqual(
      written.weights.map(({ name, shape }) => ({ name, dtype: "float32", shape })),
    );
  });

  it("is told by content, whatever the name, and never mistaken for another kind", async () => {
    expect(fileKindOf(bytes.subarray(0, 1024), "", bytes.length)).toMatchObject({ kind: "onnx" });
    expect((await readWeightFiles([{ path: "weights.bin", content: bytes }])).kind).toBe("onnx");
    for (const other of ["PK\x03\x04", "\x89PNG", "{", "\x08 is no version", "\x80\x02}q"])
      expect(looksLikeOnnx(new TextEncoder().encode(other))).toBe(false);
  });

  it("leaves weights out of the inputs, as files of old versions list them there", () => {
    const withWeights = [...written.inputs, { name: "conv.bias", shape: [6] }];
    expect(changed({ inputs: withWeights }).inputs.map(({ name }) => name)).toEqual(["image", "words"]);
  });

  it("refuses weights that lie elsewhere, by the other file's name, with that file beside it or not", async () => {
    const weights = written.weights.map((weight) => ({ ...weight, externalFile: "encoder.onnx_data" }));
    const content = writeOnnx({ ...written, weights });
    const data = new Uint8Array(100).fill(7);
    for (const files of [
      [{ path: "encoder.onnx", content }],
      [
        { path: "encoder.onnx_data", content: data },
        { path: "encoder.onnx", content },
      ],
    ]) {
      const refusal = await refusalOf(() => readWeightFiles(files));
      expect(refusal.code).toBe("file-unsupported");
      expect(refusal.message).toContain(
        '"encoder.onnx" keeps its weights in another file: "encoder.onnx_data"',
      );
      expect(refusal.hint).toContain("save_as_external_data=False");
    }
  });

  it("refuses a weight of the wrong length, and a file without operations", async () => {
    const [first, ...rest] = written.weights;
    const short = { ...first!, values: new Float32Array(5) };
    const wrong = await refusalOf(() => changed({ weights: [short, ...rest] }));
    expect(wrong.message).toBe('The weight "conv.weight" [6, 3, 3, 3] has 20 bytes instead of 648.');
    expect((await refusalOf(() => changed({ nodes: [] }))).message).toContain("without a single operation");
  });

  it("refuses a file cut off anywhere", async () => {
    for (let length = 2; length < bytes.length; length += 7) {
      expect(length < 20 || fileKindOf(bytes.slice(0, length), "", length).kind === "onnx").toBe(true);
      const refusal = await refusalOf(() => read(bytes.slice(0, length)));
      expect(refusal.message).not.toBe("");
      expect(refusal.hint).toMatch(/again|Export/);
    }
  });

  it("reads or refuses, and neither crashes nor hangs, whatever bytes are changed", async () => {
    const edit = fc.record({ at: fc.nat(bytes.length - 1), byte: fc.nat(255) });
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 12 }), async (edits) => {
        const copy = bytes.slice();
        for (const { at, byte } of edits) copy[at] = byte;
        await readsOrRefuses(() => {
          const model = read(copy);
          const { recipe } = onnxOptions(model);
          withOutput(model, recipe.output);
        });
      }),
      { numRuns: 2000 },
    );
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (random) => {
        await readsOrRefuses(() => read(Uint8Array.of(8, 8, ...random)));
      }),
      { numRuns: 2000 },
    );
  });

  it("refuses huge lengths and endless fields without taking memory or time for them", async () => {
    const huge = [0x3a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
    expect((await refusalOf(() => read(Uint8Array.of(8, 8, ...huge)))).message).toContain("ends");
    // A graph of twelve million empty nodes.
    const body = new Uint8Array(24_000_000);
    for (let i = 0; i < body.length; i += 2) body[i] = 0x0a;
    const head = [8, 8, 0x3a, ...encodeVarint(body.length)];
    const whole = new Uint8Array(head.length + body.length);
    whole.set(head);
    whole.set(body, head.length);
    const startMs = performance.now();
    expect((await refusalOf(() => read(whole))).code).toBe("file-refused");
    expect(performance.now() - startMs).toBeLessThan(5000);
  });
});

describe("onnxOptions", () => {
  it("takes what goes into a classifier, and images beside words", () => {
    const model = read(bytes);
    const { recipe, outputs, fixedInputSize, notes } = onnxOptions(model);
    expect(recipe).toEqual({ output: "features", inputSize: 224, normalisation: "imageNet" });
    expect(fixedInputSize).toBeNull();
    expect(outputs.map(({ name }) => name)).toEqual(["logits", "features", "pooled", "relu", "map"]);
    expect(outputs[0]).toEqual({ name: "logits", what: "[any, 10] output", poolings: ["none"] });
    expect(notes[0]).toContain('"logits" looks like a classifier');
  });

  it("keeps an output that is no classifier's", () => {
    const [, words] = written.outputs;
    const model = changed({ outputs: [{ name: "logits", shape: ["n", 7] }, words!] });
    expect(onnxOptions(model).recipe.output).toBe("features"); // by its name
    const nodes = written.nodes.map((node) =>
      node.op === "Gemm" ? { ...node, outputs: ["projection"] } : node,
    );
    const named = changed({ nodes, outputs: [{ name: "projection", shape: ["n", 7] }] });
    expect(onnxOptions(named).recipe.output).toBe("projection");
  });

  it("offers first and mean token of a transformer, at its one size", () => {
    const model = read(transformerEncoder().bytes);
    const { recipe, outputs, fixedInputSize } = onnxOptions(model);
    expect(recipe.output).toBe("last_hidden_state");
    expect(outputs[0]?.poolings).toEqual(["firstToken", "meanToken"]);
    expect(fixedInputSize).toBe(transformerShape.side);
  });

  it("reads the layout and batch of the images", () => {
    const nhwc = read(convolutionalEncoder({ layout: "nhwc", batch: 4, side: 16 }).bytes);
    expect(imageInputOf(nhwc, "features")).toEqual({ name: "image", layout: "nhwc", batch: 4, side: 16 });
    expect(onnxOptions(nhwc).recipe.normalisation).toBe("symmetric");
  });

  it.each([
    ["takes float16 images", { name: "image", shape: ["n", 3, 8, 8], type: 10 }],
    ["takes no images", { name: "image", shape: ["n", 3] }],
    ["takes no images", { name: "image", shape: ["n", 3, 8, 8], type: 7 }],
    ["takes images of 1 channels", { name: "image", shape: ["n", 1, 8, 8] }],
    ["takes images of 16 × 8 pixels", { name: "image", shape: ["n", 3, 8, 16] }],
    ["takes more at once", { name: "image", shape: ["n", 3, 30_000, 30_000] }],
    ["takes more at once", { name: "image", shape: [100_000, 3, 8, 8] }],
  ] as const)("refuses a model that %s", async (message, image) => {
    const model = changed({ inputs: [image], outputs: [written.outputs[0]!] });
    const refusal = await refusalOf(() => onnxOptions(model));
    expect(refusal.code).toBe("file-unsupported");
    expect(refusal.message).toContain(message);
  });

  it("walks a graph in no time, however many outputs it has", () => {
    const nodes = Array.from({ length: 20_000 }, (_, i) => ({
      op: "Relu",
      inputs: [i === 0 ? "x" : `r${i - 1}`],
      outputs: [`r${i}`],
    }));
    const outputs = nodes.map(({ outputs: [name] }) => ({ name: name!, shape: ["n", 3, 8, 8] }));
    const file = writeOnnx({ inputs: [{ name: "x", shape: ["n", 3, 8, 8] }], outputs, nodes, weights: [] });
    const started = performance.now();
    expect(onnxOptions(read(file)).outputs.length).toBeLessThan(200);
    expect(performance.now() - started).toBeLessThan(4000);
  });

  it("refuses a model that needs more than an image", async () => {
    const nodes = [...written.nodes, { op: "Add", inputs: ["logits", "text_embeds"], outputs: ["both"] }];
    const model = changed({ nodes, outputs: [{ name: "both", shape: ["n", 4] }] });
    expect((await refusalOf(() => onnxOptions(model))).message).toContain(
      'needs 2 inputs for "both": "image", "words"',
    );
  });
});

describe("withOutput", () => {
  it("cuts out what makes the value, and nothing else", () => {
    const part = read(withOutput(read(bytes), "features"));
    expect(part.outputs.map(describeValue)).toEqual(["features"]);
    expect(part.inputs.map(({ name }) => name)).toEqual(["image"]);
    expect(part.nodes.map(({ op }) => op)).toEqual(["Conv", "Relu", "GlobalAveragePool", "Flatten"]);
    expect(part.weights.map(({ name }) => name)).toEqual(["conv.weight", "conv.bias"]);
    expect([...part.opsets]).toEqual([["", 17]]);
  });

  it("keeps a declared output's type, and refuses a value that is not there", async () => {
    const whole = read(bytes);
    expect(read(withOutput(whole, "logits")).outputs.map(describeValue)).toEqual([
      "logits [any, 10] float32",
    ]);
    expect((await refusalOf(() => withOutput(whole, "nothing"))).code).toBe("not-found");
  });
});
