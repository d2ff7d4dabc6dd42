import { joinParts } from "./protobufWriter.ts";
import type { WeightSpec } from "./tfjsModel.ts";

/** Attributes of TensorFlow's operations, as GraphDef's JSON has them; texts are base64 there. */
export type TfAttribute =
  | { readonly type: "DT_FLOAT" | "DT_INT32" }
  | { readonly b: boolean }
  | { readonly f: number }
  | { readonly s: string }
  | { readonly list: { readonly i: readonly string[] } }
  | { readonly shape: { readonly dim: readonly { readonly size: string }[] } };

export interface TfGraphNode {
  readonly name: string;
  readonly op: string;
  readonly input: readonly string[];
  readonly attr: Readonly<Record<string, TfAttribute>>;
}

/** Numbers that a `Const` node of the same name stands for. */
export interface TfGraphWeight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array | Int32Array;
}

/** A value that goes in or comes out; −1 in its shape: any length. */
interface TfGraphValue {
  readonly name: string;
  readonly shape: readonly number[];
}

export interface TfGraph {
  readonly nodes: readonly TfGraphNode[];
  readonly weights: readonly TfGraphWeight[];
  readonly inputs: readonly TfGraphValue[];
  readonly outputs: readonly TfGraphValue[];
  readonly generatedBy: string;
  readonly metadata: Readonly<Record<string, string>>;
}

const weightsFile = "weights.bin";

/** A TensorFlow.js graph model: `model.json`, and the weights in one file beside it. */
export function writeTfjsGraph(
  graph: TfGraph,
): readonly { readonly path: string; readonly bytes: Uint8Array<ArrayBuffer> }[] {
  const constants = graph.weights.map(({ name, values }): TfGraphNode => ({
    name,
    op: "Const",
    input: [],
    attr: { dtype: { type: values instanceof Float32Array ? "DT_FLOAT" : "DT_INT32" } },
  }));
  const specs = graph.weights.map(({ name, shape, values }): WeightSpec => ({
    name,
    shape: [...shape],
    dtype: values instanceof Float32Array ? "float32" : "int32",
  }));
  const model = {
    format: "graph-model",
    generatedBy: graph.generatedBy,
    convertedBy: null,
    signature: { inputs: signatureOf(graph.inputs), outputs: signatureOf(graph.outputs) },
    userDefinedMetadata: graph.metadata,
    modelTopology: {
      node: [...constants, ...graph.nodes],
      library: {},
      versions: { producer: 1882 }, // TensorFlow 2.16's GraphDef version; nothing newer is used
    },
    weightsManifest: [{ paths: [weightsFile], weights: specs }],
  };
  const bytes = graph.weights.map(
    ({ values }) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
  );
  return [
    { path: "model.json", bytes: new TextEncoder().encode(JSON.stringify(model)) },
    { path: weightsFile, bytes: joinParts(bytes) },
  ];
}

function signatureOf(values: readonly TfGraphValue[]): Record<string, unknown> {
  return Object.fromEntries(
    values.map(({ name, shape }) => [
      name,
      {
        name: `${name}:0`,
        dtype: "DT_FLOAT",
        tensorShape: { dim: shape.map((size) => ({ size: String(size) })) },
      },
    ]),
  );
}
