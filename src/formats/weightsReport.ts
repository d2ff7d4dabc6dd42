import type { TensorFact } from "../contract/tensorFact.ts";
import { recogniseArchitecture, type Architecture } from "./architecture.ts";
import type { Checkpoint } from "./checkpoint.ts";
import type { OnnxModel, OnnxValue } from "./onnxModel.ts";
import { recogniseLayout } from "./stateDictLayout.ts";
import type { TfjsModelFiles } from "./tfjsModel.ts";
import { tfjsSignature, type ModelSignature } from "./tfjsSignature.ts";
import type { Weights } from "./weightFiles.ts";

/** What is known of weights before they are used: printed by `npm run inspect`, shown by the page. Plain data. */
export type WeightsReport = CheckpointReport | TfjsReport | OnnxReport;

export interface CheckpointReport {
  readonly format: Checkpoint["format"];
  readonly layout: { readonly name: string; readonly title: string; readonly wrappers: readonly string[] };
  readonly architecture: Architecture | null;
  readonly tensors: readonly TensorFact[];
  readonly nonFinite: Checkpoint["nonFinite"];
  readonly metadata: Readonly<Record<string, string | number | boolean>>;
  readonly notes: readonly string[];
}

export interface TfjsReport extends ModelSignature {
  readonly format: "tfjs-layers-model" | "tfjs-graph-model";
  /** The model's own name, or its archive's. */
  readonly name: string;
  /** TensorFlow.js models are run as they are, whatever they are. */
  readonly architecture: null;
  readonly labels: readonly string[];
  readonly tensors: readonly TensorFact[];
  readonly notes: readonly string[];
}

export interface OnnxReport {
  readonly format: "onnx";
  readonly name: string;
  readonly architecture: null;
  readonly irVersion: number;
  readonly producer: string;
  /** "opset 17", "com.microsoft 1". */
  readonly opsets: readonly string[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly nodes: number;
  readonly tensors: readonly TensorFact[];
  readonly notes: readonly string[];
}

export function describeWeights(weights: Weights): WeightsReport {
  switch (weights.kind) {
    case "checkpoint":
      return describeCheckpoint(weights.checkpoint);
    case "tfjs":
      return describeTfjsModel(weights.model);
    case "onnx":
      return describeOnnxModel(weights.model);
  }
}

export function describeOnnxModel(model: OnnxModel): OnnxReport {
  const { name, irVersion, producer, opsets, inputs, outputs, nodes, weights, notes } = model;
  return {
    format: "onnx",
    name,
    architecture: null,
    irVersion,
    producer,
    opsets: [...opsets].map(([domain, version]) => `${domain === "" ? "opset" : domain} ${version}`),
    inputs,
    outputs,
    nodes: nodes.length,
    tensors: weights.map(({ name, dtype, shape }) => ({ name, dtype, shape })),
    notes,
  };
}

export function describeCheckpoint(checkpoint: Checkpoint): CheckpointReport {
  const layout = recogniseLayout(checkpoint.tensors);
  const ignored = new Map(layout.ignored.map((entry) => [entry.name, entry.reason]));
  return {
    format: checkpoint.format,
    layout: { name: layout.layout, title: layout.title, wrappers: layout.wrappers },
    architecture: recogniseArchitecture(layout.tensors.values()),
    tensors: [...checkpoint.tensors.values()].map((tensor) => {
      const reason = ignored.get(tensor.name);
      const as = layout.names.get(tensor.name);
      return {
        name: tensor.name,
        dtype: tensor.dtype,
        shape: tensor.shape,
        ...(as === undefined ? {} : { as }),
        ...(reason === undefined ? {} : { ignored: reason }),
      };
    }),
    nonFinite: checkpoint.nonFinite,
    metadata: Object.fromEntries(checkpoint.metadata),
    notes: [...checkpoint.notes, ...layout.notes],
  };
}

export function describeTfjsModel(model: TfjsModelFiles): TfjsReport {
  return {
    format: `tfjs-${model.format}`,
    name: model.name,
    architecture: null,
    ...tfjsSignature(model),
    labels: model.labels,
    tensors: model.weightSpecs.map(({ name, dtype, shape, quantization }) => ({
      name,
      dtype,
      shape,
      ...(quantization === undefined ? {} : { storedAs: quantization.dtype }),
    })),
    notes: model.notes,
  };
}
