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
    ["Tile", [sizes("s", 1, 1, ...big)], [node("Tile", ["image", "s"])]],
    ["Pad", [sizes("s", 0, 0, 15_000, 15_000, 0, 0, 15_000, 15_000)], [node("Pad", ["image", "s"])]],
    ["Pad", [], [node("Pad", ["image"], { pads: [0, 0, 15_000, 15_000, 0, 0, 15_000, 15_000] })]],
    ["MaxPool", [], [node("MaxPool", ["image"], { pads: [15_000, 15_000, 15_000, 15_000] })]],
    ["Resize", [sizes("s", 1, 3, ...big)], [node("Resize", ["image", "", "", "s"])]],
    ["Resize", [scales("s", 1, 1, ...big)], [node("Resize", ["image", "", "s"])]],
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
