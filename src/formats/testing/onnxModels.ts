import { createPrng } from "../../lib/prng.ts";
import { writeOnnx, type WrittenModel, type WrittenNode, type WrittenWeight } from "./onnxWriter.ts";

/** Two small encoders with random weights, always the same; and their weights, for a second way to compute them. */
export interface TestEncoder {
  readonly model: WrittenModel;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly weights: ReadonlyMap<string, WrittenWeight>;
}

function encoder(model: WrittenModel): TestEncoder {
  return { model, bytes: writeOnnx(model), weights: new Map(model.weights.map((w) => [w.name, w])) };
}

function random(name: string, shape: readonly number[], scale = 0.4): WrittenWeight {
  const prng = createPrng(3, name);
  const length = shape.reduce((a, b) => a * b, 1);
  return { name, shape, values: Float32Array.from({ length }, () => scale * prng.normal()) };
}

function integers(name: string, ...values: number[]): WrittenWeight {
  return { name, shape: [values.length], values: BigInt64Array.from(values, BigInt) };
}

/** Features of `convolutionalEncoder`. */
export const convolutionalFeatures = 6;

/**
 * A classifier as PyTorch exports them: convolution, ReLU, global pooling, flatten, linear layer; an input that other
 * outputs need beside it; and a name for the batch.
 *
 * @param batch its fixed batch, or any. @param layout of the images.
 */
export function convolutionalEncoder(
  options: { batch?: number; side?: number; layout?: "nchw" | "nhwc" } = {},
): TestEncoder {
  const { batch = "batch", side = "side", layout = "nchw" } = options;
  const channelsLast: WrittenNode = {
    op: "Transpose",
    inputs: ["image"],
    outputs: ["image channels first"],
    attributes: { perm: [0, 3, 1, 2] },
  };
  return encoder({
    inputs: [
      { name: "image", shape: layout === "nchw" ? [batch, 3, side, side] : [batch, side, side, 3] },
      { name: "words", shape: [batch, 5] },
    ],
    outputs: [
      { name: "logits", shape: [batch, 10] },
      { name: "text_embeds", shape: [batch, 4] },
    ],
    nodes: [
      ...(layout === "nchw" ? [] : [channelsLast]),
      {
        op: "Conv",
        inputs: [layout === "nchw" ? "image" : "image channels first", "conv.weight", "conv.bias"],
        outputs: ["map"],
        attributes: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] },
      },
      { op: "Relu", inputs: ["map"], outputs: ["relu"] },
      { op: "GlobalAveragePool", inputs: ["relu"], outputs: ["pooled"] },
      { op: "Flatten", inputs: ["pooled"], outputs: ["features"] },
      {
        op: "Gemm",
        inputs: ["features", "fc.weight", "fc.bias"],
        outputs: ["logits"],
        attributes: { transB: 1 },
      },
      { op: "MatMul", inputs: ["words", "text.weight"], outputs: ["text_embeds"] },
    ],
    weights: [
      random("conv.weight", [convolutionalFeatures, 3, 3, 3]),
      random("conv.bias", [convolutionalFeatures]),
      random("fc.weight", [10, convolutionalFeatures]),
      random("fc.bias", [10]),
      random("text.weight", [5, 4]),
    ],
  });
}

/** Sizes of `transformerEncoder`: patches of 4 pixels of images of 8, so 5 tokens with the first. */
export const transformerShape = { side: 8, patch: 4, tokens: 5, dim: 6 } as const;

/** One block of a vision transformer: patches, a first token, positions, LayerNorm, attention, LayerNorm. */
export function transformerEncoder(): TestEncoder {
  const { side, patch, tokens, dim } = transformerShape;
  const node = (
    op: string,
    inputs: readonly string[],
    output: string,
    attributes: WrittenNode["attributes"] = {},
    floats: readonly string[] = [],
  ): WrittenNode => ({ op, inputs, outputs: [output], attributes, floats });
  const norm = (input: string, name: string, output: string): WrittenNode =>
    node(
      "LayerNormalization",
      [input, `${name}.weight`, `${name}.bias`],
      output,
      { axis: 2, epsilon: 1e-6 },
      ["epsilon"],
    );
  return encoder({
    inputs: [{ name: "pixel_values", shape: ["batch", 3, side, side] }],
    outputs: [{ name: "last_hidden_state", shape: ["batch", tokens, dim] }],
    nodes: [
      node("Conv", ["pixel_values", "patch.weight"], "patches", {
        kernel_shape: [patch, patch],
        strides: [patch, patch],
      }),
      node("Reshape", ["patches", "patch shape"], "rows"),
      node("Transpose", ["rows"], "patch tokens", { perm: [0, 2, 1] }),
      // The first token for each image of a batch of any size: the mean of its patches, times 0, plus the token.
      node("ReduceMean", ["patch tokens"], "mean", { axes: [1], keepdims: 1 }),
      node("Mul", ["mean", "zero"], "nothing"),
      node("Add", ["nothing", "first token"], "first"),
      node("Concat", ["first", "patch tokens"], "tokens", { axis: 1 }),
      node("Add", ["tokens", "positions"], "placed"),
      norm("placed", "norm1", "normal"),
      node("MatMul", ["normal", "query.weight"], "query"),
      node("MatMul", ["normal", "key.weight"], "key"),
      node("MatMul", ["normal", "value.weight"], "value"),
      node("Transpose", ["key"], "key transposed", { perm: [0, 2, 1] }),
      node("MatMul", ["query", "key transposed"], "scores"),
      node("Softmax", ["scores"], "attention", { axis: 2 }),
      node("MatMul", ["attention", "value"], "attended"),
      node("Add", ["placed", "attended"], "residual"),
      norm("residual", "norm2", "last_hidden_state"),
    ],
    weights: [
      random("patch.weight", [dim, 3, patch, patch]),
      integers("patch shape", 0, dim, tokens - 1),
      random("zero", [1], 0),
      random("first token", [1, 1, dim], 1),
      random("positions", [1, tokens, dim], 1),
      ...["norm1", "norm2"].flatMap((name) => [
        random(`${name}.weight`, [dim], 1),
        random(`${name}.bias`, [dim]),
      ]),
      ...["query", "key", "value"].map((name) => random(`${name}.weight`, [dim, dim], 0.7)),
    ],
  });
}
