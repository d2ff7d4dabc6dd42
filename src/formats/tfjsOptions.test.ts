import { describe, expect, it } from "vitest";
import { tfjsOptions } from "./tfjsOptions.ts";
import type { TfjsModelFiles } from "./tfjsModel.ts";
import { refusalOf } from "./testing/refusal.ts";

const model = (format: TfjsModelFiles["format"], modelTopology: object): TfjsModelFiles => ({
  format,
  modelTopology,
  weightSpecs: [],
  weightData: new ArrayBuffer(0),
  bytes: 0,
  name: "model",
  labels: [],
  notes: [],
});
const layer = (class_name: string, name: string, more: object = {}) => ({
  class_name,
  config: { name, ...more },
});
const input = layer("InputLayer", "input", { batch_input_shape: [null, 96, 96, 3] });

describe("tfjsOptions", () => {
  it("takes the last global pooling of a layers model, and its own input size", () => {
    const layers = [
      input,
      layer("Conv2D", "conv"),
      layer("GlobalAveragePooling2D", "pool"),
      layer("Dense", "classes"),
    ];
    const options = tfjsOptions(model("layers-model", { class_name: "Model", config: { layers } }));
    expect(options.recipe).toEqual({ output: "pool", inputSize: 96, normalisation: "symmetric" });
    expect(options.outputs).toEqual([
      { name: "classes", what: "Dense", poolings: ["none"] },
      { name: "pool", what: "GlobalAveragePooling2D", poolings: ["none"] },
      { name: "conv", what: "Conv2D", poolings: ["average"] },
    ]);
    expect(options.fixedInputSize).toBeNull();
  });

  it("looks into encoders that are a model's first layer, and takes the last map where nothing is pooled", () => {
    const encoder = {
      class_name: "Model",
      config: { name: "mobilenet", layers: [input, layer("Conv2D", "a"), layer("ReLU", "b")] },
    };
    const whole = {
      class_name: "Sequential",
      config: [{ class_name: "Sequential", config: { layers: [encoder] } }, layer("Dense", "classes")],
    };
    const { recipe, outputs } = tfjsOptions(model("layers-model", { model_config: whole }));
    expect(recipe.output).toBe("b");
    expect(outputs.map(({ name }) => name)).toEqual(["b", "a"]);
  });

  it("takes the last mean of a graph, else its end", () => {
    const node = (name: string, op: string, ...inputs: string[]) => ({ name, op, input: inputs });
    const nodes = [node("x", "Placeholder"), node("w", "Const"), node("conv", "Conv2D", "x", "w")];
    const graph = (...more: object[]) => tfjsOptions(model("graph-model", { node: [...nodes, ...more] }));
    expect(graph().recipe).toEqual({ output: "conv", inputSize: 224, normalisation: "symmetric" });
    const pooled = graph(node("mean", "Mean", "conv:0"), node("logits", "MatMul", "mean", "w"));
    expect(pooled.recipe.output).toBe("mean");
    expect(pooled.outputs).toEqual([
      { name: "logits", what: "MatMul, output", poolings: ["none", "average", "firstToken", "meanToken"] },
      { name: "mean", what: "Mean", poolings: ["none", "average", "firstToken", "meanToken"] },
      { name: "conv", what: "Conv2D", poolings: ["average"] },
    ]);
  });

  it("lists the ends of a graph of a hundred thousand in no time", () => {
    const node = Array.from({ length: 100_000 }, (_, i) => ({ name: `n${i}`, op: "Relu", input: [] }));
    const started = performance.now();
    expect(tfjsOptions(model("graph-model", { node })).outputs).toHaveLength(101);
    expect(performance.now() - started).toBeLessThan(3000);
  });

  it("refuses images of a size that no teacher is given", async () => {
    const huge = layer("Conv2D", "conv", { batch_input_shape: [null, 40_000, 40_000, 3] });
    const layers = model("layers-model", { class_name: "Sequential", config: { layers: [huge] } });
    expect((await refusalOf(() => tfjsOptions(layers))).message).toContain("40000 pixels");
    const shape = { dim: [-1, 40_000, 40_000, 3].map((size) => ({ size: String(size) })) };
    const node = [
      { name: "x", op: "Placeholder", attr: { shape: { shape } } },
      { name: "y", op: "Relu", input: ["x"] },
    ];
    expect((await refusalOf(() => tfjsOptions(model("graph-model", { node })))).message).toContain("40000");
  });

  it("finds the input size however deep it lies", () => {
    let inner: object = { batch_input_shape: [null, 48, 48, 3] };
    for (let depth = 0; depth < 20_000; depth++) inner = { inner };
    const layers = [{ class_name: "Conv2D", config: { name: "conv", inner } }];
    const deep = model("layers-model", { class_name: "Model", config: { layers } });
    expect(tfjsOptions(deep).recipe.inputSize).toBe(48);
  });

  it("refuses what has no layers or nodes", async () => {
    for (const format of ["layers-model", "graph-model"] as const)
      expect((await refusalOf(() => tfjsOptions(model(format, {})))).code).toBe("file-unsupported");
  });
});
