import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { refusalOf } from "./testing/refusal.ts";
import { tfjsOptions } from "./tfjsOptions.ts";
import type { TfjsModelFiles, WeightSpec } from "./tfjsModel.ts";
import { readWeightFiles } from "./weightFiles.ts";

const realModel = resolve(import.meta.dirname, "../../../shared/data/teachable-machine-mobilenet.zip");
if (!existsSync(realModel))
  console.warn(`No Teachable Machine export at ${realModel}: only self-made models are measured.`);

const model = (
  format: TfjsModelFiles["format"],
  modelTopology: object,
  weights: readonly { name: string; values: Int32Array }[] = [],
): TfjsModelFiles => {
  const weightData = new Uint8Array(weights.flatMap(({ values }) => [...new Uint8Array(values.buffer)]))
    .buffer;
  return {
    ...{ format, modelTopology, weightData, bytes: weightData.byteLength, name: "m", labels: [], notes: [] },
    weightSpecs: weights.map(({ name, values }): WeightSpec => ({
      name,
      shape: [values.length],
      dtype: "int32",
    })),
  };
};
const layer = (class_name: string, name: string, more: object = {}, ...from: string[]) => ({
  class_name,
  config: { name, ...more },
  ...(from.length === 0 ? {} : { inbound_nodes: [from.map((each) => [each, 0, 0, {}])] }),
});
const input = layer("InputLayer", "image", { batch_input_shape: [null, 224, 224, 3] });
const sequential = (...layers: object[]) =>
  model("layers-model", { class_name: "Sequential", config: { layers: [input, ...layers] } });
const refusal = async (given: TfjsModelFiles) => refusalOf(() => tfjsOptions(given));

describe("layers", () => {
  it.each<[string, object[]]>([
    [
      "ZeroPadding2D",
      [
        layer("ZeroPadding2D", "a", {
          padding: [
            [20_000, 0],
            [0, 20_000],
          ],
        }),
      ],
    ],
    ["ZeroPadding2D", [layer("ZeroPadding2D", "a", { padding: 20_000 })]],
    ["UpSampling2D", [layer("UpSampling2D", "a", { size: [100, 100] })]],
    ["UpSampling2D", Array.from({ length: 9 }, (_, i) => layer("UpSampling2D", `a${i}`))],
    ["Conv2DTranspose", [layer("Conv2DTranspose", "a", { filters: 8, kernel_size: 1, strides: 30 })]],
    ["RepeatVector", [layer("GlobalMaxPooling2D", "p"), layer("RepeatVector", "a", { n: 1e9 })]],
    [
      "UpSampling2D",
      [{ class_name: "Sequential", config: [layer("UpSampling2D", "a", { size: [100, 100] })] }],
    ],
    ["UpSampling2D", [layer("TimeDistributed", "t", { layer: layer("UpSampling2D", "a", { size: 100 }) })]],
  ])("that enlarge without measure are refused: %s", async (kind, layers) => {
    const { code, message } = await refusal(sequential(...layers));
    expect(code).toBe("file-refused");
    expect(message).toContain(`"${kind}") makes`);
  });

  it.each<[string, object[]]>([
    ["Dense", [layer("GlobalMaxPooling2D", "p"), layer("Dense", "a", { units: 20e6 })]],
    ["Conv2D", [layer("Conv2D", "a", { filters: 4000, kernel_size: 30, strides: 16 })]],
    ["several", [1, 2].map((i) => layer("Conv2D", `c${i}`, { filters: 1000, kernel_size: 1, strides: 8 }))],
    ["LSTM", [layer("GlobalMaxPooling2D", "p"), layer("LSTM", "a", { units: 3000 })]],
    [
      "Embedding",
      [layer("GlobalMaxPooling2D", "p"), layer("Embedding", "a", { input_dim: 1e8, output_dim: 9 })],
    ],
  ])("whose weights are not in the files are refused before they are made: %s", async (_, layers) => {
    expect((await refusal(sequential(...layers))).message).toMatch(
      /would take \d+ weights, but its files hold 0/,
    );
  });

  it("are followed through joins and shared uses, in whatever order they stand", async () => {
    const grow = { ...layer("UpSampling2D", "up", { size: [4, 4] }), inbound_nodes: [] as unknown[] };
    grow.inbound_nodes = [[["image", 0, 0, {}]], ...[0, 1, 2].map((use) => [["up", use, 0, {}]])];
    const functional = (...layers: object[]) =>
      model("layers-model", { class_name: "Functional", config: { layers } });
    expect((await refusal(functional(grow, input))).message).toContain("UpSampling2D");
    const joined = [
      layer("Conv2D", "a", { filters: 16, kernel_size: 3 }, "image"),
      layer("Conv2D", "b", { filters: 16, kernel_size: 3 }, "image"),
      layer("Concatenate", "ab", {}, "a", "b"),
      layer("Conv2D", "c", { filters: 20_000, kernel_size: 3, strides: 100 }, "ab"),
    ];
    expect((await refusal(functional(input, ...joined))).message).toContain("weights");
    expect(tfjsOptions(functional(input, ...joined.slice(0, 3))).recipe.output).toBe("ab");
  });

  it("of a dense network keep their size", () => {
    const layers: object[] = [];
    let before = "image";
    for (let i = 0; i < 100; i++) {
      layers.push(layer("Conv2D", `c${i}`, { filters: 4, kernel_size: 1 }, before));
      layers.push(layer("Concatenate", `j${i}`, {}, before, `c${i}`));
      before = `j${i}`;
    }
    const topology = { class_name: "Functional", config: { layers: [input, ...layers] } };
    expect(tfjsOptions(model("layers-model", topology)).recipe.output).toBe("j99");
  });

  it("of models in models are followed only so deep", async () => {
    let inner: object = { class_name: "Sequential", config: [layer("Conv2D", "c")] };
    for (let depth = 0; depth < 30; depth++) inner = { class_name: "Sequential", config: [inner] };
    expect((await refusal(model("layers-model", inner))).message).toContain("models in models");
  });

  it.skipIf(!existsSync(realModel))("of a real model are let pass", async () => {
    const weights = await readWeightFiles([
      { path: "tm.zip", content: new Uint8Array(readFileSync(realModel)) },
    ]);
    if (weights.kind !== "tfjs") throw new Error("no TensorFlow.js model");
    expect(tfjsOptions(weights.model).recipe.output).not.toBe("");
    const few = { ...weights.model, weightSpecs: weights.model.weightSpecs.slice(0, 1) };
    expect((await refusal({ ...few, modelTopology: scaled(few.modelTopology) })).code).toBe("file-refused");
  });
});

/** With ten times as many filters. */
function scaled(topology: object): object {
  const text = JSON.stringify(topology).replace(
    /"filters":\s*(\d+)/g,
    (_, n: string) => `"filters":${Number(n) * 10}`,
  );
  return JSON.parse(text) as object;
}

describe("graphs", () => {
  const node = (name: string, op: string, ...from: string[]) => ({ name, op, input: from });
  const graph = (weights: readonly { name: string; values: Int32Array }[], ...nodes: object[]) =>
    model(
      "graph-model",
      { node: [node("x", "Placeholder"), ...weights.map(({ name }) => node(name, "Const")), ...nodes] },
      weights,
    );
  const sizes = (name: string, ...values: number[]) => ({ name, values: Int32Array.from(values) });
  const big = [1, 30_000, 30_000, 1];

  it.each([
    ["Fill", graph([sizes("s", ...big)], node("y", "Fill", "s", "x"))],
    ["BroadcastTo", graph([sizes("s", ...big)], node("y", "BroadcastTo", "x", "s"))],
    ["ResizeBilinear", graph([sizes("s", 30_000, 30_000)], node("y", "ResizeBilinear", "x:0", "s"))],
    ["PadV2", graph([sizes("p", 0, 0, 9000, 9000, 9000, 9000, 0, 0)], node("y", "PadV2", "x", "p", "x"))],
    ["Range", graph([sizes("a", 0), sizes("b", 1e9), sizes("c", 1)], node("y", "Range", "a", "b", "c"))],
    ["Tile", graph([sizes("t", 1, 100, 100, 1)], node("y", "Tile", "x", "t"))],
    [
      "Tile",
      graph(
        [sizes("t", 1, 4, 4, 1)],
        ...[3, 2, 1].map((i) => node(`y${i}`, "Tile", i === 1 ? "x" : `y${i - 1}`, "t")),
      ),
    ],
  ])("that make values of gigabytes are refused: %s", async (op, given) => {
    const { code, message } = await refusal(given);
    expect(code).toBe("file-refused");
    expect(message).toContain(`("${op}")`);
  });

  it("that do as usual are not", () => {
    const weights = [sizes("p", 0, 0, 3, 3, 3, 3, 0, 0), sizes("s", 448, 448), sizes("axes", 1, 2)];
    const given = graph(
      weights,
      node("a", "Pad", "x", "p"),
      node("b", "ResizeBilinear", "a", "s"),
      node("c", "Mean", "b", "axes"),
    );
    expect(tfjsOptions(given).recipe.output).toBe("c");
  });
});
