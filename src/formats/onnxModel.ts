import { AppError } from "../contract/errors.ts";
import type { TensorFact } from "../contract/tensorFact.ts";
import { FieldBudget, fieldsOf, readVarint, textOf, type ByteRange, type ProtoField } from "./protobuf.ts";
import { quote } from "./quote.ts";

/** A value that goes into or comes out of a graph. */
export interface OnnxValue {
  readonly name: string;
  /** "float32"; null where the file does not say. */
  readonly dtype: string | null;
  /** null: any length; the whole is null where the file does not say. */
  readonly shape: readonly (number | null)[] | null;
}

export interface OnnxNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Of an If, Loop or Scan, whose bodies read values of the graph without listing them. */
  readonly hasBody: boolean;
  readonly range: ByteRange;
}

interface OnnxWeight extends TensorFact {
  readonly range: ByteRange;
}

/** What is in an ONNX file, but for the weights' numbers. Ranges are fields of the file, their tags included. */
export interface OnnxModel {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly name: string;
  readonly irVersion: number;
  /** "pytorch 2.4.0"; "" where the file does not say. */
  readonly producer: string;
  /** By domain; "" is ONNX's own. */
  readonly opsets: ReadonlyMap<string, number>;
  /** Those that must be given: no weights. */
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  /** Shapes of inner values, where the exporter wrote them down. */
  readonly inner: ReadonlyMap<string, OnnxValue>;
  readonly nodes: readonly OnnxNode[];
  readonly weights: readonly OnnxWeight[];
  readonly graph: ByteRange & {
    /** Where its own fields begin, after tag and length. */
    readonly body: number;
    readonly declaredInputs: readonly (ByteRange & { readonly name: string })[];
    readonly declaredOutputs: readonly ByteRange[];
  };
  readonly notes: readonly string[];
}

const maxBytes = 1024 * 1024 * 1024;
const mostNodes = 100_000;
const mostWeights = 100_000;
const mostNames = 1_000_000;
const mostDimensions = 16;

/** By ONNX's numbers. */
const dtypes: readonly (string | null)[] = [
  ...[null, "float32", "uint8", "int8", "uint16", "int16", "int32", "int64", "string", "bool", "float16"],
  ...["float64", "uint32", "uint64", "complex64", "complex128", "bfloat16", "float8e4m3fn", "float8e4m3fnuz"],
  ...["float8e5m2", "float8e5m2fnuz", "uint4", "int4", "float4e2m1"],
];
const dtypeBytes: Readonly<Record<string, number>> = {
  ...{ float32: 4, uint8: 1, int8: 1, uint16: 2, int16: 2, int32: 4, int64: 8, bool: 1, float16: 2 },
  ...{ float64: 8, uint32: 4, uint64: 8, complex64: 8, complex128: 16, bfloat16: 2 },
};

/** The fields an ONNX file may begin with, and their wire types. */
const modelFields: Readonly<Record<number, number>> = {
  ...{ 1: 0, 2: 2, 3: 2, 4: 2, 5: 0, 6: 2, 7: 2, 8: 2, 14: 2, 20: 2, 25: 2, 26: 2 },
};

/**
 * Whether a file begins as an ONNX file does. Protocol buffers have no signature, so it is told by its first fields:
 * a version first, as every exporter writes it, and then nothing but fields that ONNX has, of the right kinds.
 *
 * @param head the file's first bytes.
 */
export function looksLikeOnnx(head: Uint8Array): boolean {
  if (head[0] !== 0x08 || head[1] === undefined || head[1] < 1 || head[1] > 64) return false;
  let at = 2;
  let fields = 0;
  try {
    while (at < head.length) {
      const tag = readVarint(head, at, head.length);
      const number = Math.floor(tag.value / 8);
      if (modelFields[number] !== tag.value % 8) return false;
      const { value, next } = readVarint(head, tag.next, head.length);
      at = modelFields[number] === 2 ? next + value : next;
      if (value < 0) return false;
      fields++;
      if (number === 7) return true; // the graph, which may be cut off
    }
  } catch {
    return fields > 0;
  }
  return fields > 0;
}

/**
 * Reads what an ONNX file holds. Weights stay where they are; bodies of control flow and attributes are not looked
 * into.
 *
 * @throws AppError "file-unreadable" when it is cut off or damaged, "file-unsupported" when its weights lie in other
 *   files (which are named), "file-refused" over a limit.
 */
export function readOnnxModel(bytes: Uint8Array<ArrayBuffer>, name: string): OnnxModel {
  if (bytes.length > maxBytes)
    throw new AppError(
      "file-refused",
      `${quote(name)} has ${bytes.length} bytes; at most ${maxBytes} are read.`,
    );
  const reader = new OnnxReader(bytes);
  return reader.model(name);
}

class OnnxReader {
  private readonly budget = new FieldBudget();
  private names = 0;

  constructor(private readonly bytes: Uint8Array<ArrayBuffer>) {}

  model(name: string): OnnxModel {
    const { bytes } = this;
    let irVersion = 0;
    const producer: string[] = [];
    const opsets = new Map<string, number>();
    const graphs: ProtoField[] = [];
    let functions = 0;
    for (const field of this.fields({ start: 0, end: bytes.length })) {
      if (field.number === 1 && field.kind === "varint") irVersion = field.value;
      else if (field.kind !== "bytes") continue;
      else if (field.number === 2 || field.number === 3) producer.push(this.text(field));
      else if (field.number === 7) graphs.push(field);
      else if (field.number === 8) this.opset(field, opsets);
      else if (field.number === 25) functions++;
    }
    const [graph] = graphs;
    if (graph === undefined || graphs.length > 1)
      throw new AppError(
        "file-unreadable",
        `${quote(name)} is an ONNX file with ${graphs.length === 0 ? "no graph" : `${graphs.length} graphs`} in it.`,
        { hint: "It is cut off or damaged. Download or export it again." },
      );
    const notes = functions === 0 ? [] : [`${functions} functions of its own.`];
    return {
      bytes,
      name,
      irVersion,
      producer: producer.filter((part) => part !== "").join(" "),
      opsets,
      ...this.graph(graph, name),
      notes,
    };
  }

  private graph(
    graph: ProtoField,
    file: string,
  ): Pick<OnnxModel, "inputs" | "outputs" | "inner" | "nodes" | "weights" | "graph"> {
    const nodes: OnnxNode[] = [];
    const weights: OnnxWeight[] = [];
    const external: string[] = [];
    const values: Record<11 | 12 | 13, OnnxValue[]> = { 11: [], 12: [], 13: [] };
    const declaredInputs: (ByteRange & { name: string })[] = [];
    const declaredOutputs: ByteRange[] = [];
    for (const field of this.fields({ start: graph.value, end: graph.end })) {
      if (field.kind !== "bytes") continue;
      if (field.number === 1) nodes.push(this.node(field));
      else if (field.number === 5) weights.push(this.weight(field, external));
      else if (field.number === 15)
        throw new AppError("file-unsupported", `${quote(file)} holds sparse weights, which are not read.`, {
          hint: "Export the model with dense weights.",
        });
      else if (field.number === 11 || field.number === 12 || field.number === 13) {
        const value = this.value(field);
        const range = { start: field.start, end: field.end };
        values[field.number].push(value);
        if (field.number === 11) declaredInputs.push({ ...range, name: value.name });
        if (field.number === 12) declaredOutputs.push(range);
      }
      if (nodes.length > mostNodes || weights.length > mostWeights)
        throw new AppError(
          "file-refused",
          `${quote(file)} has more than ${mostNodes} nodes or ${mostWeights} weights.`,
        );
    }
    if (external.length > 0) {
      const elsewhere = [...new Set(external)];
      throw new AppError(
        "file-unsupported",
        `${quote(file)} keeps its weights in ${elsewhere.length === 1 ? "another file" : "other files"}: ${elsewhere.slice(0, 3).map(quote).join(", ")}`,
        {
          hint: "Save it as one file: onnx.save_model(onnx.load(path), path, save_as_external_data=False).",
          details: elsewhere.slice(0, 100),
        },
      );
    }
    if (nodes.length === 0)
      throw new AppError("file-unreadable", `${quote(file)} is an ONNX file without a single operation.`, {
        hint: "It is cut off or damaged. Download or export it again.",
      });
    const given = new Set(weights.map(({ name }) => name));
    return {
      inputs: values[11].filter(({ name }) => !given.has(name)),
      outputs: values[12],
      inner: new Map(values[13].map((value) => [value.name, value])),
      nodes,
      weights,
      graph: { start: graph.start, end: graph.end, body: graph.value, declaredInputs, declaredOutputs },
    };
  }

  private node(field: ProtoField): OnnxNode {
    const inputs: string[] = [];
    const outputs: string[] = [];
    let op = "";
    let hasBody = false;
    for (const part of this.fieldsIn(field)) {
      if (part.kind !== "bytes") continue;
      if (part.number === 1) inputs.push(this.text(part));
      else if (part.number === 2) outputs.push(this.text(part));
      else if (part.number === 4) op = this.text(part);
      else if (part.number === 5)
        for (const { number, kind } of this.fieldsIn(part))
          if (kind === "bytes" && (number === 6 || number === 11)) hasBody = true;
    }
    return { op, inputs, outputs, hasBody, range: { start: field.start, end: field.end } };
  }

  private weight(field: ProtoField, external: string[]): OnnxWeight {
    const shape: number[] = [];
    let name = "";
    let dtype: string | null = null;
    let isExternal = false;
    let location = "";
    let rawBytes: number | null = null;
    for (const part of this.fieldsIn(field)) {
      if (part.number === 1) this.dimensions(part, shape);
      else if (part.number === 2 && part.kind === "varint") dtype = dtypes[part.value] ?? null;
      else if (part.number === 8 && part.kind === "bytes") name = this.text(part);
      else if (part.number === 9 && part.kind === "bytes") rawBytes = part.end - part.value;
      else if (part.number === 13 && part.kind === "bytes") location ||= this.externalLocation(part);
      else if (part.number === 14 && part.kind === "varint") isExternal = part.value === 1;
    }
    if (isExternal) external.push(location || "(not named)");
    const width = dtypeBytes[dtype ?? ""];
    const expected = shape.reduce((product, length) => product * length, width ?? 0);
    if (rawBytes !== null && width !== undefined && rawBytes !== expected)
      throw new AppError(
        "file-unreadable",
        `The weight ${quote(name)} [${shape.join(", ")}] has ${rawBytes} bytes instead of ${expected}.`,
        { hint: "The file is damaged. Download or export it again." },
      );
    return { name, dtype: dtype ?? "unknown", shape, range: { start: field.start, end: field.end } };
  }

  /** One number, or all of them packed into one field. */
  private dimensions(part: ProtoField, shape: number[]): void {
    const push = (length: number): void => {
      if (length < 0 || shape.length >= mostDimensions)
        throw new AppError("file-unreadable", "A weight has an impossible shape.", {
          hint: "The file is damaged. Download or export it again.",
        });
      shape.push(length);
    };
    if (part.kind === "varint") push(part.value);
    if (part.kind !== "bytes") return;
    for (let at = part.value; at < part.end;) {
      const { value, next } = readVarint(this.bytes, at, part.end);
      push(value);
      at = next;
    }
  }

  private externalLocation(entry: ProtoField): string {
    let key = "";
    let value = "";
    for (const part of this.fieldsIn(entry)) {
      if (part.kind !== "bytes") continue;
      if (part.number === 1) key = this.text(part);
      if (part.number === 2) value = this.text(part);
    }
    return key === "location" ? value : "";
  }

  private value(field: ProtoField): OnnxValue {
    let name = "";
    let type: Omit<OnnxValue, "name"> = { dtype: null, shape: null };
    for (const part of this.fieldsIn(field)) {
      if (part.kind !== "bytes") continue;
      if (part.number === 1) name = this.text(part);
      if (part.number === 2) type = this.type(part);
    }
    return { name, ...type };
  }

  /** TypeProto; what is no tensor (a sequence, a map) has neither type nor shape. */
  private type(field: ProtoField): Omit<OnnxValue, "name"> {
    let dtype: string | null = null;
    let shape: (number | null)[] | null = null;
    for (const kind of this.fieldsIn(field)) {
      if (kind.number !== 1 || kind.kind !== "bytes") continue;
      for (const part of this.fieldsIn(kind)) {
        if (part.number === 1 && part.kind === "varint") dtype = dtypes[part.value] ?? null;
        if (part.number === 2 && part.kind === "bytes") shape = this.shape(part);
      }
    }
    return { dtype, shape };
  }

  private shape(field: ProtoField): (number | null)[] {
    const shape: (number | null)[] = [];
    for (const dimension of this.fieldsIn(field)) {
      if (dimension.number !== 1 || dimension.kind !== "bytes") continue;
      let length: number | null = null;
      for (const part of this.fieldsIn(dimension))
        if (part.number === 1 && part.kind === "varint") length = part.value > 0 ? part.value : null;
      if (shape.length < mostDimensions) shape.push(length);
    }
    return shape;
  }

  private opset(field: ProtoField, opsets: Map<string, number>): void {
    let domain = "";
    let version = 0;
    for (const part of this.fieldsIn(field)) {
      if (part.number === 1 && part.kind === "bytes") domain = this.text(part);
      if (part.number === 2 && part.kind === "varint") version = part.value;
    }
    if (opsets.size < 100) opsets.set(domain, version);
  }

  private text(field: ProtoField): string {
    if (++this.names > mostNames)
      throw new AppError("file-refused", `The file has more than ${mostNames} names in it.`);
    return textOf(this.bytes, field);
  }

  private fields(range: ByteRange): Generator<ProtoField> {
    return fieldsOf(this.bytes, range, this.budget);
  }

  private fieldsIn(field: ProtoField): Generator<ProtoField> {
    return this.fields({ start: field.value, end: field.end });
  }
}
