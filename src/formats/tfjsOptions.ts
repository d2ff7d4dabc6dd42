import { AppError } from "../contract/errors.ts";
import type { OutputOption, Pooling, TeacherOptions } from "../contract/teacher.ts";
import { poolingsOf } from "./outputPoolings.ts";
import { tfjsSignature } from "./tfjsSignature.ts";
import type { TfjsModelFiles } from "./tfjsModel.ts";
import { refuseUnboundedModel } from "./tfjsWork.ts";
import { z } from "./zod.ts";

/** The side assumed where the model does not fix one. */
const usualInputSize = 224;
/** Pixels. */
const mostSide = 2048;
/** Layers or nodes offered, counted from the end. */
const mostOffered = 100;

/**
 * What may be chosen about a TensorFlow.js model, and what is chosen unasked: the last global pooling, or the last
 * feature map where there is none. Told by the names of layers and operations; nothing is built.
 *
 * @throws AppError "file-unsupported" when nothing in it can be an embedding, "file-refused" when it would take more
 *   memory than a teacher may.
 */
export function tfjsOptions(model: TfjsModelFiles): TeacherOptions {
  const options = model.format === "layers-model" ? layersOptions(model) : graphOptions(model);
  const side = options.recipe.inputSize;
  if (side > mostSide)
    throw new AppError("file-unsupported", `This model takes images of ${side} pixels a side`, {
      hint: `A teacher is given at most ${mostSide}.`,
    });
  refuseUnboundedModel(model);
  return options;
}

const layerSchema = z.object({ class_name: z.string(), config: z.unknown() });
const namedSchema = z.object({ name: z.string() });

interface ModelLayer {
  readonly name: string;
  readonly kind: string;
}

/**
 * The layers of the model that sees the images: models may hold their encoder as their first layer, and that one its
 * own in turn.
 */
function encoderLayers(topology: object): readonly ModelLayer[] {
  let config: unknown = layerSchema.safeParse(
    (topology as { model_config?: unknown }).model_config ?? topology,
  ).data?.config;
  for (;;) {
    const list = Array.isArray(config) ? config : (config as { layers?: unknown } | undefined)?.layers;
    const layers = z.array(layerSchema).safeParse(list).data ?? [];
    const first = layers.find(({ class_name }) => class_name !== "InputLayer");
    if (first === undefined || !/^(Sequential|Model|Functional)$/.test(first.class_name))
      return layers.map(({ class_name: kind, config }) => ({
        kind,
        name: namedSchema.safeParse(config).data?.name ?? "",
      }));
    config = first.config;
  }
}

const globalPooling = /^Global(Average|Max)Pooling2D$/;
const vectorLayer = /^(Global(Average|Max)Pooling2D|Flatten|Dense)$/;
const mapLayer = /^(Depthwise|Separable)?Conv2D$|^(Max|Average)Pooling2D$|^ZeroPadding2D$/;

function layersOptions(model: TfjsModelFiles): TeacherOptions {
  const layers = encoderLayers(model.modelTopology).filter(
    ({ name, kind }) => name !== "" && kind !== "InputLayer",
  );
  const firstVector = layers.findIndex(({ kind }) => vectorLayer.test(kind));
  const lastMap = firstVector < 0 ? layers.at(-1) : layers[firstVector - 1];
  const chosen = layers.findLast(({ kind }) => globalPooling.test(kind)) ?? lastMap;
  if (chosen === undefined)
    throw new AppError("file-unsupported", "No feature map was found in this model", {
      hint: "A teacher needs convolutional features, pooled or not.",
    });
  return {
    outputs: offered(layers, chosen.name, ({ kind }) =>
      vectorLayer.test(kind) ? poolingsOf(2) : poolingsOf(mapLayer.test(kind) ? 4 : null),
    ),
    fixedInputSize: null,
    recipe: {
      output: chosen.name,
      inputSize: fixedInputSize(model.modelTopology) ?? usualInputSize,
      normalisation: "symmetric",
    },
  };
}

const nodesSchema = z.object({
  node: z.array(z.object({ name: z.string(), op: z.string(), input: z.array(z.string()).optional() })),
});
/** These hold or move numbers, and are no features. */
const dullOp =
  /^(Const|Placeholder|Shape|StridedSlice|Pack|Fill|Range|NoOp|Cast|ExpandDims|Pad|PadV2|Prod|Sub|RealDiv|Identity)$/;

function graphOptions(model: TfjsModelFiles): TeacherOptions {
  const { node: nodes } = nodesSchema.safeParse(model.modelTopology).data ?? { node: [] };
  const read = new Set(
    nodes.flatMap(({ input = [] }) => input.map((name) => name.replace(/^\^|:\d+$/g, ""))),
  );
  const ends = nodes.filter(({ name, op }) => !read.has(name) && op !== "Placeholder" && op !== "Const");
  const pooling = nodes.findLast(({ op }) => op === "Mean" || op === "AvgPool");
  const chosen = pooling ?? ends[0];
  if (chosen === undefined)
    throw new AppError("file-unsupported", "This graph model has no output", {
      hint: "The file is damaged. Export the model again.",
    });
  const isEnd = new Set(ends.map(({ name }) => name));
  const layers = nodes
    .filter(({ name, op }) => isEnd.has(name) || !dullOp.test(op))
    .map(({ name, op }) => ({ name, kind: isEnd.has(name) ? `${op}, output` : op }));
  const side = tfjsSignature(model).inputs[0]?.shape?.[1] ?? null;
  return {
    outputs: offered(layers, chosen.name, ({ kind }) =>
      /^(Conv2D|_FusedConv2D|DepthwiseConv2dNative|FusedDepthwiseConv2dNative|MaxPool|AvgPool)/.test(kind)
        ? poolingsOf(4)
        : poolingsOf(null),
    ),
    fixedInputSize: side,
    recipe: { output: chosen.name, inputSize: side ?? usualInputSize, normalisation: "symmetric" },
  };
}

/** The last ones, last first; the chosen one is among them. */
function offered(
  layers: readonly ModelLayer[],
  chosen: string,
  poolings: (layer: ModelLayer) => readonly Pooling[],
): readonly OutputOption[] {
  const last = layers.slice(-mostOffered);
  const found = layers.find(({ name }) => name === chosen);
  const listed = found === undefined || last.includes(found) ? last : [found, ...last];
  return listed.map((layer) => ({ name: layer.name, what: layer.kind, poolings: poolings(layer) })).reverse();
}

/** The first image input's side in a topology, if it has one. */
function fixedInputSize(topology: object): number | undefined {
  const waiting: unknown[] = [topology];
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (value === null || typeof value !== "object") continue;
    const items = Object.entries(value);
    for (const [key, item] of items)
      if (
        key === "batch_input_shape" &&
        Array.isArray(item) &&
        item.length === 4 &&
        typeof item[1] === "number"
      )
        return item[1];
    for (const [, item] of items.reverse()) waiting.push(item); // depth first, in the file's order
  }
  return undefined;
}
