/**
 * What building and running a TensorFlow.js model would take, as far as its description tells. TensorFlow.js makes a
 * layer's weights by the numbers in its description before it looks into the files, and a layer that pads or enlarges
 * allocates what it is told to: some hundred bytes can ask for gigabytes.
 */
import { AppError } from "../contract/errors.ts";
import { dependencyOrder } from "../lib/dependencyOrder.ts";
import { quote } from "./quote.ts";
import type { TfjsModelFiles, WeightSpec } from "./tfjsModel.ts";
import {
  largestOf,
  mostElements,
  mostGrowth,
  mostSizes,
  paddedElements,
  paddedPlanes,
  pooledPixels,
  product,
  rangeLength,
} from "./workLimits.ts";
import { z } from "./zod.ts";

/** @throws AppError "file-refused" when its weights or its values are more than its files explain. */
export function refuseUnboundedModel(model: TfjsModelFiles): void {
  if (model.format === "layers-model") refuseLayers(model);
  else refuseGraph(model);
}

/** Where a side is not fixed. */
const usualSide = 224;
/** Models in models, and layers in layers. */
const deepest = 16;
/** Of counting: biases and running statistics that a description may leave open. */
const slack = 1_000_000;

const layerSchema = z.object({
  class_name: z.string(),
  config: z.unknown(),
  inbound_nodes: z.array(z.unknown()).optional().catch(undefined),
});
const modelSchema = z.object({ layers: z.array(layerSchema), name: z.string().optional().catch(undefined) });
type Layer = z.infer<typeof layerSchema>;
type Config = Readonly<Record<string, unknown>>;

/** A value, for one image. */
interface Value {
  /** Places: height times width. */
  readonly area: number;
  /** Of the last axis: as many as there may be. */
  readonly channels: number;
  /** The same, as many as there must be; the weights of the next layer follow from it. */
  readonly leastChannels: number;
}
interface Cost extends Value {
  readonly weights: number;
}

function refuseLayers({ modelTopology, weightSpecs }: TfjsModelFiles): void {
  const topology = modelTopology as { model_config?: unknown };
  const whole = layerSchema.safeParse(topology.model_config ?? modelTopology).data;
  if (whole === undefined) return;
  const there = weightSpecs.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  const { weights } = costOf(whole, [], 0);
  if (!(weights <= there + slack))
    throw new AppError(
      "file-refused",
      `The model's layers would take ${weights} weights, but its files hold ${there}.`,
      { hint: "The files do not belong together, or were made to fill the memory. Export the model again." },
    );
}

/** @param inputs none at the beginning of the whole model. */
function costOf(layer: Layer, inputs: readonly Value[], depth: number): Cost {
  if (depth > deepest)
    throw new AppError("file-refused", `The model holds models in models, more than ${deepest} deep.`);
  const inside = Array.isArray(layer.config) ? { layers: layer.config as unknown } : layer.config;
  const model = modelSchema.safeParse(inside).data;
  if (model !== undefined) return costOfModel(model.layers, inputs, depth);
  const config = (layer.config ?? {}) as Config;
  const inner = layerSchema.safeParse(config["layer"]).data;
  if (inner !== undefined) return costOf(inner, inputs, depth + 1); // TimeDistributed, Bidirectional
  const made = layerCost(layer.class_name, config, inputOf(config, inputs), inputs);
  const elements = made.area * made.channels;
  if (!(elements <= mostElements))
    throw new AppError(
      "file-refused",
      `The model would take too much memory: its layer ${quote(String(config["name"]))} (${quote(layer.class_name)}) makes ${Math.round(elements)} values of one image; at most ${mostElements} are allowed.`,
      { hint: "The file is damaged, or made to fill the memory. Export the model again." },
    );
  return made;
}

function costOfModel(layers: readonly Layer[], given: readonly Value[], depth: number): Cost {
  const uses = usesOf(layers);
  const byKey = new Map(uses.map((use) => [use.key, use]));
  const values = new Map<string, Value>();
  let weights = 0;
  let last = images;
  for (const use of dependencyOrder(uses, ({ inputs }) => inputs.flatMap((key) => byKey.get(key) ?? []))) {
    const inputs = use.inputs.flatMap((key) => values.get(key) ?? []);
    const cost = costOf(use.layer, inputs.length === 0 ? given : inputs, depth + 1);
    if (use.isFirst) weights += cost.weights;
    values.set(use.key, cost);
    last = cost;
  }
  return { ...last, weights };
}

/** A layer's use: layers may be used more than once, and name then which use they take from. */
interface Use {
  readonly layer: Layer;
  readonly key: string;
  readonly inputs: readonly string[];
  readonly isFirst: boolean;
}

function usesOf(layers: readonly Layer[]): readonly Use[] {
  let before: readonly string[] = [];
  return layers.flatMap((layer, i) => {
    const { name } = (layer.config ?? {}) as { name?: unknown };
    const own = typeof name === "string" ? name : `layer ${i}`;
    const nodes = layer.inbound_nodes ?? [];
    const isInput = layer.class_name === "InputLayer";
    const calls = nodes.length > 0 ? nodes.map(takenFrom) : [isInput ? [] : before];
    before = [`${own}/0`];
    return calls.map((inputs, use) => ({ layer, key: `${own}/${use}`, inputs, isFirst: use === 0 }));
  });
}

/** Of an inbound node: [["conv1", 0, 0, {}], …]. */
function takenFrom(node: unknown): readonly string[] {
  if (!Array.isArray(node)) return [];
  return node.flatMap((entry: unknown) =>
    Array.isArray(entry) && typeof entry[0] === "string" ? [`${entry[0]}/${Number(entry[1] ?? 0)}`] : [],
  );
}

const images: Value = { area: usualSide ** 2, channels: 3, leastChannels: 3 };

/** What a layer takes: what comes in, and what the layer itself says where it begins a model. */
function inputOf(config: Config, inputs: readonly Value[]): Value {
  const given = inputs.length === 0 ? null : largest(inputs);
  const shape = config["batch_input_shape"];
  if (!Array.isArray(shape)) return given ?? images;
  const lengths: readonly unknown[] = shape.slice(1);
  const channels = lengths.at(-1);
  const sides = lengths.slice(0, -1).map((side) => (typeof side === "number" ? side : usualSide));
  const area = Math.max(product(sides), given?.area ?? 1);
  return typeof channels === "number"
    ? { area, channels, leastChannels: channels }
    : { area, channels: given?.channels ?? 1, leastChannels: given?.leastChannels ?? 1 };
}

/** Layers that add or multiply several take the shape of the largest. */
function largest(inputs: readonly Value[]): Value {
  return {
    area: largestOf(inputs.map(({ area }) => area)),
    channels: largestOf(inputs.map(({ channels }) => channels)),
    leastChannels: inputs.reduce((least, value) => Math.min(least, value.leastChannels), Infinity),
  };
}

function layerCost(kind: string, config: Config, input: Value, inputs: readonly Value[]): Cost {
  const { area, channels, leastChannels: least } = input;
  const number = (name: string): number => {
    const value = config[name];
    return typeof value === "number" ? Math.max(0, value) : 1;
  };
  const axes = kind.endsWith("1D") ? 1 : 2;
  const kernel = product(perAxis(config["kernel_size"], axes));
  const strides = product(perAxis(config["strides"] ?? config["pool_size"], axes));
  const filters = number("filters");
  const units = number("units");
  const multiplier = number("depth_multiplier");
  const made = (area: number, channels: number, weights = 0, leastChannels = channels): Cost => ({
    ...{ area, channels, leastChannels, weights },
  });
  switch (kind) {
    case "Conv1D":
    case "Conv2D":
      return made(area / strides, filters, (kernel * least * filters) / Math.max(1, number("groups")));
    case "Conv2DTranspose":
      return made(area * strides, filters, kernel * least * filters);
    case "DepthwiseConv2D":
      return made(area / strides, channels * multiplier, kernel * least * multiplier, least * multiplier);
    case "SeparableConv2D":
      return made(area / strides, filters, least * multiplier * (kernel + filters));
    case "Dense":
      return made(area, units, least * units);
    case "Embedding":
      return made(area * channels, number("output_dim"), number("input_dim") * number("output_dim"));
    case "LSTM":
    case "GRU":
    case "SimpleRNN":
      return made(area, units, { LSTM: 4, GRU: 3, SimpleRNN: 1 }[kind] * units * (least + units));
    case "MaxPooling1D":
    case "MaxPooling2D":
    case "AveragePooling1D":
    case "AveragePooling2D":
      return made(area / strides, channels, 0, least);
    case "GlobalAveragePooling1D":
    case "GlobalAveragePooling2D":
    case "GlobalMaxPooling1D":
    case "GlobalMaxPooling2D":
      return made(1, channels, 0, least);
    case "UpSampling2D":
      return made(area * product(perAxis(config["size"] ?? 2, 2)), channels, 0, least);
    case "ZeroPadding2D": {
      const [down, across] = margins(config["padding"]);
      const side = Math.sqrt(area);
      return made((side + down) * (side + across), channels, 0, least);
    }
    case "RepeatVector":
      return made(area * number("n"), channels, 0, least);
    case "Concatenate": {
      const sum = (get: (value: Value) => number): number =>
        inputs.reduce((all, value) => all + get(value), 0);
      const axis = config["axis"] ?? -1;
      return axis === -1 || axis === 3
        ? made(
            area,
            sum(({ channels }) => channels),
            0,
            sum(({ leastChannels }) => leastChannels),
          )
        : made(area * inputs.length, channels, 0, least);
    }
    case "Flatten":
      return made(1, area * channels, 0, least);
    case "Reshape":
    case "Permute":
    case "Dot":
      return made(1, area * channels, 0, 1); // which of its axes comes last is not followed
    default:
      return made(area, channels, 0, least);
  }
}

/** A number stands for all axes. */
function perAxis(value: unknown, axes: number): readonly number[] {
  if (Array.isArray(value)) return value.slice(0, 3).map(Number);
  return Array<number>(axes).fill(Number(value ?? 1));
}

/** Rows and columns that padding adds: n, [rows, columns] or [[top, bottom], [left, right]]. */
function margins(value: unknown): readonly [number, number] {
  const [first, second] = (Array.isArray(value) ? value : [value ?? 1, value ?? 1]) as unknown[];
  const both = (side: unknown): number =>
    Array.isArray(side)
      ? side.slice(0, 2).reduce((sum: number, part) => sum + Math.abs(Number(part)), 0)
      : 2 * Math.abs(Number(side ?? 1));
  return [both(first), both(second)];
}

const graphSchema = z.object({
  node: z.array(
    z.object({
      name: z.string(),
      op: z.string(),
      input: z.array(z.string()).optional(),
      attr: z
        .object({
          strides: z
            .object({ list: z.object({ i: z.array(z.coerce.number()) }) })
            .optional()
            .catch(undefined),
        })
        .optional()
        .catch(undefined),
    }),
  ),
});
type GraphNode = z.infer<typeof graphSchema>["node"][number];

function refuseGraph(model: TfjsModelFiles): void {
  const nodes = graphSchema.safeParse(model.modelTopology).data?.node ?? [];
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const constants = constantsOf(model);
  const growth = new Map<string, number>();
  let elements = 0;
  const takes = ({ input = [] }: GraphNode): readonly string[] =>
    input.filter((name) => !name.startsWith("^")).map((name) => name.replace(/:\d+$/, ""));
  const ordered = dependencyOrder(nodes, (node) => takes(node).flatMap((name) => byName.get(name) ?? []));
  for (const node of ordered) {
    const inputs = takes(node);
    const numbers = (index: number): readonly number[] => constants.get(inputs[index] ?? "") ?? [];
    const before = largestOf(inputs.map((name) => growth.get(name) ?? 0));
    const grown = node.op === "Placeholder" ? 1 : before * graphGrowth(node, numbers);
    growth.set(node.name, grown);
    elements += elementsMade(node.op, numbers);
    if (!(grown <= mostGrowth) || !(elements <= mostElements))
      throw new AppError(
        "file-refused",
        `The model would take too much memory: ${quote(node.name)} (${quote(node.op)}) makes values of a size that no images explain.`,
        { hint: "The file is damaged, or made to fill the memory. Export the model again." },
      );
  }
}

function graphGrowth({ op, attr }: GraphNode, numbers: (input: number) => readonly number[]): number {
  const strides = product(attr?.strides?.list.i ?? []);
  switch (op) {
    case "Tile":
      return product(numbers(1));
    case "Conv2DBackpropInput":
      return strides;
    case "Mean":
      return numbers(1).length > 1 ? 1 / pooledPixels : 1;
    case "Conv2D":
    case "_FusedConv2D":
    case "DepthwiseConv2dNative":
    case "FusedDepthwiseConv2dNative":
    case "MaxPool":
    case "AvgPool":
      return 1 / strides;
    default:
      return 1;
  }
}

/** At least how many numbers a node's value has, by the constants that it takes; 1 where only the images tell. */
function elementsMade(op: string, numbers: (input: number) => readonly number[]): number {
  switch (op) {
    case "Fill":
    case "RandomUniform":
    case "RandomStandardNormal":
    case "TruncatedNormal":
    case "Conv2DBackpropInput":
      return product(numbers(0));
    case "BroadcastTo":
    case "OneHot":
      return product(numbers(1));
    case "ResizeBilinear":
    case "ResizeNearestNeighbor":
      return product(numbers(1)) * paddedPlanes;
    case "LinSpace":
      return product(numbers(2));
    case "Range":
      return rangeLength(numbers(0), numbers(1), numbers(2));
    case "Pad":
    case "PadV2":
    case "MirrorPad":
    case "SpaceToBatchND": {
      const pads = numbers(op === "SpaceToBatchND" ? 2 : 1);
      const margin = product(
        Array.from({ length: pads.length / 2 }, (_, i) => pads[2 * i]! + pads[2 * i + 1]!),
      );
      return paddedElements(margin);
    }
    default:
      return 1;
  }
}

const storedBytes = { float32: 4, int32: 4, bool: 1, complex64: 8, uint8: 1, uint16: 2, float16: 2 } as const;

/** The small ones, by their nodes' names. */
function constantsOf({ weightSpecs, weightData }: TfjsModelFiles): ReadonlyMap<string, readonly number[]> {
  const constants = new Map<string, readonly number[]>();
  const data = new DataView(weightData);
  let at = 0;
  for (const spec of weightSpecs) {
    const count = spec.shape.reduce((a, b) => a * b, 1);
    const next = at + count * storedBytes[spec.quantization?.dtype ?? spec.dtype];
    if (count <= mostSizes && next <= weightData.byteLength)
      constants.set(spec.name, numbersAt(data, at, count, spec));
    at = next;
  }
  return constants;
}

function numbersAt(
  data: DataView,
  at: number,
  count: number,
  { dtype, quantization }: WeightSpec,
): readonly number[] {
  if (quantization === undefined && (dtype === "int32" || dtype === "float32"))
    return Array.from({ length: count }, (_, i) =>
      dtype === "int32" ? data.getInt32(at + 4 * i, true) : data.getFloat32(at + 4 * i, true),
    );
  if (quantization?.dtype !== "uint8" && quantization?.dtype !== "uint16") return [];
  const { scale = 1, min = 0, dtype: stored } = quantization;
  return Array.from(
    { length: count },
    (_, i) => (stored === "uint8" ? data.getUint8(at + i) : data.getUint16(at + 2 * i, true)) * scale + min,
  );
}
