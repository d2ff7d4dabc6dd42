import {
  floatField,
  joinParts,
  messageField,
  numberField,
  textField,
  type ProtoPart,
} from "./protobufWriter.ts";

/** A float is told from a whole number by its wrapping: ONNX has both kinds of attribute. */
export type OnnxAttribute = number | readonly number[] | string | { readonly float: number };

export interface OnnxGraphNode {
  readonly op: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
}

/** A tensor stored in the file. Whole numbers are int64. */
export interface OnnxInitializer {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array | readonly number[];
}

/** A value that goes in or comes out. A string in its shape is a dimension's name: any length. */
interface OnnxGraphValue {
  readonly name: string;
  readonly type: "float32" | "uint8";
  readonly shape: readonly (number | string)[];
}

export interface OnnxGraph {
  readonly name: string;
  readonly opset: number;
  readonly inputs: readonly OnnxGraphValue[];
  readonly outputs: readonly OnnxGraphValue[];
  readonly nodes: readonly OnnxGraphNode[];
  readonly initializers: readonly OnnxInitializer[];
  /** For people and for programs that look for it. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly producer: { readonly name: string; readonly version: string };
  readonly description: string;
}

/** ONNX's numbers. */
const elementTypes = { float32: 1, uint8: 2, int64: 7 } as const;
const attributeTypes = { float: 1, int: 2, text: 3, ints: 7 } as const;
/** The IR version that came with opset 17 and 18, which every runtime in use reads. */
const irVersion = 8;

/** An ONNX file: the message ModelProto of onnx.proto, weights as raw little-endian bytes. */
export function writeOnnx(graph: OnnxGraph): Uint8Array<ArrayBuffer> {
  return joinParts([
    numberField(1, irVersion),
    textField(2, graph.producer.name),
    textField(3, graph.producer.version),
    textField(6, graph.description),
    messageField(
      7,
      ...graph.nodes.map((node) => messageField(1, ...nodeParts(node))),
      textField(2, graph.name),
      ...graph.initializers.map((tensor) => messageField(5, ...tensorParts(tensor))),
      ...graph.inputs.map((value) => messageField(11, ...valueParts(value))),
      ...graph.outputs.map((value) => messageField(12, ...valueParts(value))),
    ),
    messageField(8, textField(1, ""), numberField(2, graph.opset)),
    ...Object.entries(graph.metadata).map(([key, value]) =>
      messageField(14, textField(1, key), textField(2, value)),
    ),
  ]);
}

function nodeParts({ op, name, inputs, outputs, attributes = {} }: OnnxGraphNode): ProtoPart[] {
  return [
    ...inputs.map((input) => textField(1, input)),
    ...outputs.map((output) => textField(2, output)),
    textField(3, name),
    textField(4, op),
    ...Object.entries(attributes).map(([key, value]) => messageField(5, ...attributeParts(key, value))),
  ];
}

function attributeParts(name: string, value: OnnxAttribute): ProtoPart[] {
  const named = textField(1, name);
  if (typeof value === "number") return [named, numberField(3, value), numberField(20, attributeTypes.int)];
  if (typeof value === "string") return [named, textField(4, value), numberField(20, attributeTypes.text)];
  if ("float" in value) return [named, floatField(2, value.float), numberField(20, attributeTypes.float)];
  return [named, ...value.map((each) => numberField(8, each)), numberField(20, attributeTypes.ints)];
}

function tensorParts({ name, shape, values }: OnnxInitializer): ProtoPart[] {
  const isFloat = values instanceof Float32Array;
  const raw = isFloat
    ? new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
    : new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
  return [
    ...shape.map((length) => numberField(1, length)),
    numberField(2, isFloat ? elementTypes.float32 : elementTypes.int64),
    textField(8, name),
    messageField(9, raw),
  ];
}

function valueParts({ name, type, shape }: OnnxGraphValue): ProtoPart[] {
  const dimensions = shape.map((length) =>
    messageField(1, typeof length === "number" ? numberField(1, length) : textField(2, length)),
  );
  return [
    textField(1, name),
    messageField(2, messageField(1, numberField(1, elementTypes[type]), messageField(2, ...dimensions))),
  ];
}
