import { describe, expect, it } from "vitest";
import { readOnnxModel } from "./onnxModel.ts";
import { onnxOptions } from "./onnxOptions.ts";
import { refuseUnboundedWork } from "./onnxWork.ts";
import { convolutionalEncoder, transformerEncoder } from "./testing/onnxModels.ts";
import { writeOnnx, type WrittenNode, type WrittenWeight } from "./testing/onnxWriter.ts";
import { refusalOf } from "./testing/refusal.ts";

const sizes = (name: string, ...values: number[]): WrittenWeight => ({
  ...{ name, shape: [values.length], values: BigInt64Array.from(values, BigInt) },
});
const scales = (name: string, ...values: number[]): WrittenWeight => ({
  ...{ name, shape: [values.length], values: Float32Array.from(values) },
});
const modelOf = (weights: readonly WrittenWeight[], ...nodes: WrittenNode[]) =>
  readOnnxModel(
    writeOnnx({
      inputs: [{ name: "image", shape: [1, 3, 8, 8] }],
      outputs: [{ name: "out", shape: [1, 3] }],
      nodes: [...nodes, { op: "Add", inputs: ["image", "made"], outputs: ["out"] }],
      weights,
    }),
    "m.onnx",
  );
const node = (op: string, inputs: string[], attributes: WrittenNode["attributes"] = {}): WrittenNode => ({
  ...{ op, inputs, outputs: ["made"], attributes },
});
const big = [30_000, 30_000];

describe("refuseUnboundedWork", () => {
  it.each<[string, WrittenWeight[], WrittenNode[]]>([
    ["ConstantOfShape", [sizes("s", ...big)], [node("ConstantOfShape", ["s"])]],
    ["Expand", [sizes("s", ...big)], [node("Expand", ["image", "s"])]],
    ["Pad", [sizes("s", 0, 0, 15_000, 15_000, 0, 0, 15_000, 15_000)], [node("Pad", ["image", "s"])]],
    ["Pad", [], [node("Pad", ["image"], { pads: [0, 0, 15_000, 15_000, 0, 0, 15_000, 15_000] })]],
    ["MaxPool", [], [node("MaxPool", ["image"], { pads: [15_000, 15_000, 15_000, 15_000] })]],
    ["Resize", [sizes("s", 1, 3, ...big)], [node("Resize", ["image", "", "", "s"])]],
    ["RandomNormal", [], [node("RandomNormal", [], { shape: big })]],
    ["Range", [sizes("a", 0), sizes("b", 1e9), sizes("c", 1)], [node("Range", ["a", "b", "c"])]],
    [
      "Expand",
      [sizes("a", 30_000), sizes("b", 3), sizes("c", 10_000)],
      [
        { op: "Mul", inputs: ["b", "c"], outputs: ["d"] },
        { op: "Concat", inputs: ["a", "d"], outputs: ["e"], attributes: { axis: 0 } },
        node("Expand", ["image", "e"]),
      ],
    ],
    [
      "ConstantOfShape",
      [],
      [
        { op: "Constant", inputs: [], outputs: ["s"], attributes: { value_ints: big } },
        node("ConstantOfShape", ["s"]),
      ],
    ],
  ])("refuses %s of gigabytes", async (op, weights, nodes) => {
    const refusal = await refusalOf(() => onnxOptions(modelOf(weights, ...nodes)));
    expect(refusal).toMatchObject({ code: "file-refused" });
    expect(refusal.message).toMatch(new RegExp(`memory: ${op} makes \\d+ values`));
  });

  it("adds up what is made in pieces", async () => {
    const pieces = Array.from({ length: 10 }, (_, i) => ({
      ...node("Expand", ["image", "s"]),
      outputs: [`m${i}`],
    }));
    const sum = { op: "Sum", inputs: pieces.flatMap(({ outputs }) => outputs), outputs: ["made"] };
    const model = modelOf([sizes("s", 5000, 5000)], ...pieces, sum);
    expect((await refusalOf(() => onnxOptions(model))).code).toBe("file-refused");
  });

  const growing = (op: string, name: string, count: number): WrittenNode[] => [
    ...Array.from({ length: count }, (_, i) => ({
      ...node(op, [i === 0 ? "image" : `m${i - 1}`, ...name.split(" ").slice(1)]),
      ...(op === "ConvTranspose" ? { attributes: { strides: [4, 4] } } : {}),
      outputs: [`m${i}`],
    })),
    { op: "Identity", inputs: [`m${count - 1}`], outputs: ["made"] },
  ];
  it.each<[string, WrittenWeight[], WrittenNode[]]>([
    ["Resize", [scales("s", 1, 1, ...big)], [node("Resize", ["image", "", "s"])]],
    ["Tile", [sizes("s", 1, 1, ...big)], [node("Tile", ["image", "s"])]],
    ["Resize", [scales("s", 1, 1, 4, 4)], growing("Resize", "image  s", 3)],
    ["Upsample", [scales("s", 1, 1, 4, 4)], growing("Upsample", "image s", 3)],
    ["Tile", [sizes("s", 1, 1, 4, 4)], growing("Tile", "image s", 3)],
    ["ConvTranspose", [scales("s", 1)], growing("ConvTranspose", "image s", 3)],
    ["Tile", [sizes("s", 1, 1, 4, 4)], growing("Tile", "image s", 3).reverse()],
  ])("refuses %s to many times the images, at once or step by step", async (op, weights, nodes) => {
    const refusal = await refusalOf(() => onnxOptions(modelOf(weights, ...nodes)));
    expect(refusal).toMatchObject({ code: "file-refused" });
    expect(refusal.message).toMatch(new RegExp(`memory: ${op} makes maps \\d+ times`));
  });

  it("lets maps grow that were made small before", () => {
    const down = Array.from({ length: 5 }, (_, i) => ({
      ...node("MaxPool", [i === 0 ? "image" : `d${i - 1}`], { kernel_shape: [2, 2], strides: [2, 2] }),
      outputs: [`d${i}`],
    }));
    const model = modelOf([scales("s", 1, 1, 32, 32)], ...down, node("Resize", ["d4", "", "s"]));
    expect(() => onnxOptions(model)).not.toThrow();
  });

  it("counts what functions come to when each stands in place of its calls", async () => {
    const call = (op: string): WrittenNode => ({ op, inputs: ["a"], outputs: ["b"] });
    const modelWith = (functions: Record<string, WrittenNode[]>) =>
      readOnnxModel(
        writeOnnx({
          inputs: [{ name: "image", shape: [1, 3, 8, 8] }],
          outputs: [{ name: "out", shape: [1, 3] }],
          nodes: [{ op: "f0", inputs: ["image"], outputs: ["out"] }],
          weights: [],
          functions,
        }),
        "m.onnx",
      );
    const laughs = Object.fromEntries(
      Array.from({ length: 40 }, (_, i) => [`f${i}`, [call(`f${i + 1}`), call(`f${i + 1}`)]]),
    );
    for (const functions of [laughs, { f0: [call("f1")], f1: [call("f0")] }])
      expect((await refusalOf(() => onnxOptions(modelWith(functions)))).message).toContain("too many");
    expect((await refusalOf(() => onnxOptions(modelWith({ f0: [call("Loop")] })))).message).toContain("loop");
    expect(() =>
      onnxOptions(modelWith({ f0: [call("Relu"), call("f1")], f1: [call("Relu")] })),
    ).not.toThrow();
  });

  it("refuses loops, but not those that the chosen output does without", async () => {
    const model = modelOf([], node("Loop", ["image"]));
    expect((await refusalOf(() => onnxOptions(model))).message).toContain("holds a loop");
    expect(() => refuseUnboundedWork(model, model.nodes.slice(1))).not.toThrow();
  });

  it("lets encoders pass, and the sizes they set", () => {
    for (const { bytes } of [convolutionalEncoder(), transformerEncoder()]) {
      const model = readOnnxModel(bytes, "m.onnx");
      expect(() => refuseUnboundedWork(model, model.nodes)).not.toThrow();
    }
    const resized = modelOf([sizes("s", 1, 3, 512, 512)], node("Resize", ["image", "", "", "s"]));
    expect(() => onnxOptions(resized)).not.toThrow();
  });

  it("gives up on a graph in a circle", () => {
    const circle = modelOf(
      [],
      { op: "Identity", inputs: ["b"], outputs: ["a"] },
      { op: "Identity", inputs: ["a"], outputs: ["b"] },
      node("Expand", ["image", "a"]),
    );
    expect(() => refuseUnboundedWork(circle, circle.nodes)).not.toThrow();
  });
});
