import { AppError } from "../contract/errors.ts";
import type { OutputOption, TeacherOptions } from "../contract/teacher.ts";
import type { OnnxModel, OnnxNode, OnnxValue } from "./onnxModel.ts";
import { makersIn, partBehind } from "./onnxOutput.ts";
import { refuseUnboundedWork } from "./onnxWork.ts";
import { poolingsOf } from "./outputPoolings.ts";
import { quote } from "./quote.ts";

/** How a model takes images. */
export interface OnnxImageInput {
  readonly name: string;
  readonly layout: "nchw" | "nhwc";
  /** Images at once; null: any number. */
  readonly batch: number | null;
  /** Pixels; null: any, or only the run tells. */
  readonly side: number | null;
}

/** The side assumed where the model does not fix one. */
const usualInputSize = 224;
/** Pixels; and images at once. */
const mostSide = 2048;
const mostBatch = 256;
/** Inner values offered beside the declared outputs, counted from the end. */
const mostInner = 100;

/** Declared outputs looked into: each means a walk through the graph. */
const mostOutputs = 20;

/** Operations whose values may be worth matching; the rest moves numbers about. */
const featureOps = new Set([
  ...["GlobalAveragePool", "GlobalMaxPool", "AveragePool", "MaxPool", "ReduceMean", "Flatten", "Squeeze"],
  ...["Gemm", "MatMul", "Conv", "Add", "Mul", "Concat", "Gather", "Relu", "Clip", "HardSwish", "Gelu"],
  ...[
    "LayerNormalization",
    "BatchNormalization",
    "Softmax",
    "Reshape",
    "Transpose",
    "Tanh",
    "LpNormalization",
  ],
]);
/** Ways of storing a linear layer's weight. */
const storedOps = new Set(["Transpose", "Identity", "Cast", "DequantizeLinear"]);
const embeddingName = /pooler_output|embed|feature|pooled|representation/i;
const classifierName = /logit|prob|class|softmax|score|pred/i;
/** ImageNet in its usual sizes, and the small sets. */
const classCounts = new Set([10, 100, 365, 1000, 1001, 11221, 21841, 21843]);

/**
 * What may be chosen about an ONNX model, and what is chosen unasked: an output whose name says that it is an
 * embedding; else its first one, or, if that is a classifier's, what goes into the classifier.
 *
 * @throws AppError "file-unsupported" when nothing in it is an embedding of images.
 */
export function onnxOptions(model: OnnxModel): TeacherOptions & { readonly notes: readonly string[] } {
  const usable: OnnxValue[] = [];
  let refusal: unknown = null;
  for (const output of model.outputs.slice(0, mostOutputs)) {
    try {
      imageInputOf(model, output.name);
      usable.push(output);
    } catch (error) {
      refusal ??= error;
    }
  }
  const declared = usable.find(({ name }) => embeddingName.test(name)) ?? usable[0];
  if (declared === undefined)
    throw refusal instanceof AppError
      ? refusal
      : new AppError("file-unsupported", `${quote(model.name)} has no output.`);
  const { nodes } = partBehind(model, declared.name);
  const isDeclared = new Set(model.outputs.map(({ name }) => name));
  const inner = model.nodes
    .filter(({ op, outputs: [name] }) => featureOps.has(op) && name !== undefined && name !== "")
    .filter((node) => nodes.has(node) && !isDeclared.has(node.outputs[0] ?? ""))
    .slice(-mostInner)
    .reverse()
    .map((node): OutputOption => innerOption(model, node));
  const features = embeddingName.test(declared.name) ? null : featuresBefore(model, declared);
  const output = features ?? declared.name;
  const { side, layout } = imageInputOf(model, output);
  const chosen = inner.find(({ name }) => name === output);
  return {
    outputs: [
      ...usable.map(declaredOption),
      // Whatever was found is on the list.
      ...(features === null || chosen !== undefined
        ? []
        : [{ name: features, what: "before the classifier", poolings: poolingsOf(null) }]),
      ...inner,
    ],
    fixedInputSize: side,
    recipe: {
      output,
      inputSize: side ?? usualInputSize,
      // PyTorch's exports come channels first, TensorFlow's channels last, and each has its usual preprocessing.
      normalisation: layout === "nchw" ? "imageNet" : "symmetric",
    },
    notes: [
      ...(features === null
        ? []
        : [
            `Its output ${quote(declared.name)} looks like a classifier's; what goes into it is used instead.`,
          ]),
      "The file does not say how its images are normalised. Choose what it was trained with.",
    ],
  };
}

/**
 * How the part of a model that makes one value takes its images.
 *
 * @throws AppError "file-unsupported" when it takes anything but one float32 RGB image a row; "file-refused" when it
 *   would run without end or take more memory than there is.
 */
export function imageInputOf(model: OnnxModel, output: string): OnnxImageInput {
  const { inputs, nodes } = partBehind(model, output);
  const [input] = inputs;
  const refuse = (what: string, hint: string): AppError =>
    new AppError("file-unsupported", `${quote(model.name)} ${what}`, {
      hint,
      details: inputs.slice(0, 50).map(describeValue),
    });
  const wanted = "A teacher takes one image: float32 [batch, 3, height, width] or [batch, height, width, 3].";
  if (input === undefined || inputs.length > 1)
    throw refuse(
      input === undefined
        ? `gives ${quote(output)} without any input.`
        : `needs ${inputs.length} inputs for ${quote(output)}: ${inputs
            .slice(0, 4)
            .map(({ name }) => quote(name))
            .join(", ")}.`,
      wanted,
    );
  refuseUnboundedWork(model, nodes);
  const { name, dtype, shape } = input;
  if (dtype === "float16")
    throw refuse(
      `takes float16 images (${quote(name)}).`,
      "Export it with float32 inputs; its weights may stay float16 (keep_io_types=True).",
    );
  if (dtype !== "float32" || shape?.length !== 4)
    throw refuse(`takes no images: its input is ${describeValue(input)}.`, wanted);
  const [batch, second, third, fourth] = shape as [
    number | null,
    number | null,
    number | null,
    number | null,
  ];
  const layout = fourth === 3 && second !== 3 ? "nhwc" : "nchw";
  const [channels, height, width] = layout === "nchw" ? [second, third, fourth] : [fourth, second, third];
  if (channels !== null && channels !== 3)
    throw refuse(`takes images of ${channels} channels, not 3: ${describeValue(input)}.`, wanted);
  if (height !== null && width !== null && height !== width)
    throw refuse(
      `takes images of ${width} × ${height} pixels.`,
      "Only square images are given to a teacher.",
    );
  const side = height ?? width;
  if ((side ?? 0) > mostSide || (batch ?? 0) > mostBatch)
    throw refuse(`takes more at once than a teacher may be given: ${describeValue(input)}.`, wanted);
  return { name, layout, batch, side };
}

export function describeValue({ name, dtype, shape }: OnnxValue): string {
  const sides = shape === null ? "" : ` [${shape.map((length) => length ?? "any").join(", ")}]`;
  return `${name}${sides}${dtype === null ? "" : ` ${dtype}`}`;
}

function declaredOption({ name, shape }: OnnxValue): OutputOption {
  return {
    name,
    what: [shapeText(shape), "output"].join(" ").trim(),
    poolings: poolingsOf(shape?.length ?? null),
  };
}

function innerOption(model: OnnxModel, { op, outputs }: OnnxNode): OutputOption {
  const name = outputs[0] ?? "";
  const shape = model.inner.get(name)?.shape ?? null;
  return { name, what: [shapeText(shape), op].join(" ").trim(), poolings: poolingsOf(shape?.length ?? null) };
}

function shapeText(shape: OnnxValue["shape"]): string {
  return shape === null ? "" : `[${shape.map((length) => length ?? "any").join(", ")}]`;
}

/** What goes into the last linear layer, if the output looks like a classifier's; else null. */
function featuresBefore(model: OnnxModel, output: OnnxValue): string | null {
  const makers = makersIn(model);
  const weights = new Set(model.weights.map(({ name }) => name));
  const classes = output.shape?.length === 2 ? output.shape[1] : undefined;
  let isClassifier = classifierName.test(output.name) || classCounts.has(classes ?? 0);
  let node = makers.get(output.name);
  for (let steps = 0; node !== undefined && steps < 8; steps++) {
    if (node.op === "Gemm" || node.op === "MatMul") {
      const [features, weight = ""] = node.inputs;
      const isStored = weights.has(weight) || storedOps.has(makers.get(weight)?.op ?? "");
      if (!isClassifier || features === undefined || !isStored) return null;
      return makers.has(features) ? features : null;
    }
    if (node.op === "Softmax" || node.op === "LogSoftmax") isClassifier = true;
    else if (!["Add", "Identity", "Cast", "Sigmoid", "Squeeze", "Reshape", "Flatten"].includes(node.op))
      return null;
    const next: string | undefined = node.inputs.find((name) => makers.has(name));
    node = next === undefined ? undefined : makers.get(next);
  }
  return null;
}
