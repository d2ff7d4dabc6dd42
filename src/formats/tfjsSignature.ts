import type { TfjsModelFiles } from "./tfjsModel.ts";
import { z } from "./zod.ts";

/** An input or output of a model, as far as its file tells. */
export interface ModelPort {
  readonly name: string;
  readonly dtype: string | null;
  /** Null stands for any length; null as a whole for a shape that is not told. */
  readonly shape: readonly (number | null)[] | null;
}

export interface ModelSignature {
  readonly inputs: readonly ModelPort[];
  readonly outputs: readonly ModelPort[];
}

/** What a TensorFlow.js model takes and gives, read from its description without building it. */
export function tfjsSignature({ format, modelTopology, signature }: TfjsModelFiles): ModelSignature {
  if (format === "layers-model") return layersSignature(modelTopology);
  const declared = graphSignatureSchema.safeParse(signature).data;
  if (declared !== undefined)
    return { inputs: portsOf(declared.inputs ?? {}), outputs: portsOf(declared.outputs ?? {}) };
  // Older exports leave the signature out; what is fed in is a placeholder all the same.
  const nodes = graphSchema.safeParse(modelTopology).data?.node ?? [];
  const inputs = nodes.filter(({ op }) => op === "Placeholder");
  return {
    inputs: inputs.map(({ name, attr }) => ({
      name,
      dtype: dtypeOf(attr?.dtype?.type),
      shape: shapeOf(attr?.shape?.shape),
    })),
    outputs: [],
  };
}

const tensorShape = z.object({
  dim: z.array(z.object({ size: z.union([z.string(), z.number()]).optional() })).optional(),
  unknownRank: z.boolean().optional(),
});
const dtypeName = z.union([z.string(), z.number()]);
const ports = z.record(
  z.string(),
  z.object({ dtype: dtypeName.optional(), tensorShape: tensorShape.optional() }),
);
const graphSignatureSchema = z.object({ inputs: ports.optional(), outputs: ports.optional() });
const graphSchema = z.object({
  node: z.array(
    z.object({
      name: z.string(),
      op: z.string(),
      attr: z
        .object({
          dtype: z.object({ type: dtypeName }).optional().catch(undefined),
          shape: z.object({ shape: tensorShape }).optional().catch(undefined),
        })
        .optional(),
    }),
  ),
});

function portsOf(declared: z.infer<typeof ports>): readonly ModelPort[] {
  return Object.entries(declared).map(([name, { dtype, tensorShape }]) => ({
    name,
    dtype: dtypeOf(dtype),
    shape: shapeOf(tensorShape),
  }));
}

/** TensorFlow's names; the numbers of its protocol buffers are left as they are. */
function dtypeOf(dtype: string | number | undefined): string | null {
  if (dtype === undefined) return null;
  if (dtype === "DT_FLOAT") return "float32";
  if (dtype === "DT_HALF") return "float16";
  return String(dtype).replace(/^DT_/, "").toLowerCase();
}

function shapeOf(shape: z.infer<typeof tensorShape> | undefined): ModelPort["shape"] {
  if (shape === undefined || shape.unknownRank === true) return null;
  return (shape.dim ?? []).map(({ size }) => {
    const length = Number(size ?? 0);
    return length >= 0 ? length : null;
  });
}

const layerSchema = z.object({ class_name: z.string(), config: z.unknown() });
type Layer = z.infer<typeof layerSchema>;
const layerList = z.array(layerSchema);
const modelConfig = z.object({
  layers: layerList,
  input_layers: z.array(z.tuple([z.string()], z.unknown())).optional(),
  output_layers: z.array(z.tuple([z.string()], z.unknown())).optional(),
});
const layerConfig = z.object({
  name: z.string().optional(),
  dtype: z.string().optional(),
  batch_input_shape: z.array(z.number().nullable()).optional(),
});

function layersSignature(topology: object): ModelSignature {
  const { model_config: inner } = topology as { model_config?: unknown };
  const model = layerSchema.safeParse(inner ?? topology).data;
  return model === undefined
    ? { inputs: [], outputs: [] }
    : { inputs: endsOf(model, "input_layers"), outputs: endsOf(model, "output_layers") };
}

/** A functional model names its ends; a sequential one begins and ends with its list, and may hold other models. */
function endsOf(model: Layer, side: "input_layers" | "output_layers"): readonly ModelPort[] {
  let layer = model;
  for (;;) {
    const { config } = layer;
    const parsed = modelConfig.safeParse(Array.isArray(config) ? { layers: config } : config).data;
    if (parsed === undefined) return [portOf(layer, side)];
    const { layers, [side]: named } = parsed;
    if (named !== undefined) {
      const byName = new Map(layers.map((layer) => [layerConfig.safeParse(layer.config).data?.name, layer]));
      return named.map(([name]) => {
        const found = byName.get(name);
        return found === undefined ? { name, dtype: null, shape: null } : portOf(found, side);
      });
    }
    const next = side === "input_layers" ? layers[0] : layers.at(-1);
    if (next === undefined) return [];
    layer = next;
  }
}

/** A layer's file tells the shape it takes, never the one it gives. */
function portOf(layer: Layer, side: "input_layers" | "output_layers"): ModelPort {
  const { name, dtype, batch_input_shape: shape } = layerConfig.safeParse(layer.config).data ?? {};
  const isInput = side === "input_layers";
  return {
    name: name ?? layer.class_name,
    dtype: isInput ? (dtype ?? null) : null,
    shape: isInput ? (shape ?? null) : null,
  };
}
