import { encodeVarint } from "../protobuf.ts";

/** A tensor stored in the file, as raw bytes; where its numbers lie elsewhere, the name of that file. */
export interface WrittenWeight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array | BigInt64Array;
  readonly externalFile?: string;
}

export interface WrittenNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, number | readonly number[]>>;
  /** Numbers in these attributes are floats, not int64. */
  readonly floats?: readonly string[];
}

/** A string in a shape is a dimension's name: any length. */
interface WrittenValue {
  readonly name: string;
  readonly shape: readonly (number | string)[];
  /** ONNX's number: 1 float32, 7 int64, 10 float16. */
  readonly type?: number;
}

export interface WrittenModel {
  readonly inputs: readonly WrittenValue[];
  readonly outputs: readonly WrittenValue[];
  readonly nodes: readonly WrittenNode[];
  readonly weights: readonly WrittenWeight[];
  /** Functions of its own, by name. */
  readonly functions?: Readonly<Record<string, readonly WrittenNode[]>>;
  readonly opset?: number;
  readonly producer?: string;
}

type Bytes = readonly number[] | Uint8Array;

/** An ONNX file, written by nothing of what reads it. */
export function writeOnnx(model: WrittenModel): Uint8Array<ArrayBuffer> {
  const graph = join(
    ...model.nodes.map((node) => message(1, writeNode(node))),
    message(2, text("test")),
    ...model.weights.map((weight) => message(5, writeWeight(weight))),
    ...model.inputs.map((value) => message(11, writeValue(value))),
    ...model.outputs.map((value) => message(12, writeValue(value))),
  );
  return join(
    number(1, 8),
    message(2, text(model.producer ?? "test writer")),
    message(7, graph),
    message(8, join(message(1, []), number(2, model.opset ?? 17))),
    ...Object.entries(model.functions ?? {}).map(([name, nodes]) =>
      message(25, join(message(1, text(name)), ...nodes.map((node) => message(7, writeNode(node))))),
    ),
  );
}

function writeNode({ op, inputs, outputs, attributes = {}, floats = [] }: WrittenNode): Uint8Array {
  return join(
    ...inputs.map((name) => message(1, text(name))),
    ...outputs.map((name) => message(2, text(name))),
    message(4, text(op)),
    ...Object.entries(attributes).map(([name, value]) =>
      message(5, writeAttribute(name, value, floats.includes(name))),
    ),
  );
}

function writeAttribute(name: string, value: number | readonly number[], isFloat: boolean): Uint8Array {
  if (typeof value !== "number") {
    return join(message(1, text(name)), ...value.map((each) => number(8, each)), number(20, 7));
  }
  if (!isFloat) return join(message(1, text(name)), number(3, value), number(20, 2));
  const float = new Uint8Array(Float32Array.of(value).buffer);
  return join(message(1, text(name)), [0x15], float, number(20, 1));
}

function writeWeight({ name, shape, values, externalFile }: WrittenWeight): Uint8Array {
  const raw = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return join(
    ...shape.map((length) => number(1, length)),
    number(2, values instanceof BigInt64Array ? 7 : 1),
    message(8, text(name)),
    ...(externalFile === undefined
      ? [message(9, raw)]
      : [
          message(13, join(message(1, text("location")), message(2, text(externalFile)))),
          message(13, join(message(1, text("offset")), message(2, text("0")))),
          number(14, 1),
        ]),
  );
}

function writeValue({ name, shape, type = 1 }: WrittenValue): Uint8Array {
  const dimensions = shape.map((length) =>
    message(1, typeof length === "number" ? number(1, length) : message(2, text(length))),
  );
  return join(
    message(1, text(name)),
    message(2, message(1, join(number(1, type), message(2, join(...dimensions))))),
  );
}

function number(field: number, value: number): Bytes {
  return [...encodeVarint(field * 8), ...encodeVarint(value)];
}

function message(field: number, content: Bytes): Uint8Array {
  return join(encodeVarint(field * 8 + 2), encodeVarint(content.length), content);
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

function join(...parts: readonly Bytes[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
