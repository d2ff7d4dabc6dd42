/**
 * What an ONNX graph would make the runtime do, as far as the file alone tells: loops that need not end, and values
 * whose size is a number in the file and not a measure of its images. A runtime asks for none of it beforehand: 139
 * bytes can allocate gigabytes.
 */
import { AppError } from "../contract/errors.ts";
import { dependencyOrder } from "../lib/dependencyOrder.ts";
import type { OnnxModel, OnnxNode, OnnxWeight } from "./onnxModel.ts";
import { makersIn } from "./onnxOutput.ts";
import { FieldBudget, fieldsOf, readVarint, textOf, type ByteRange, type ProtoField } from "./protobuf.ts";
import { quote } from "./quote.ts";
import {
  largestOf,
  mostElements,
  mostGrowth,
  mostSizes,
  paddedElements,
  pooledPixels,
  product,
  rangeLength,
} from "./workLimits.ts";

const loopOps = new Set(["Loop", "Scan", "SequenceMap"]);
/** Operations in bodies and functions. */
const mostInner = 100_000;

/**
 * @param nodes those that will run.
 * @throws AppError "file-refused" when they loop, or hold values of more numbers than are allocated here.
 */
export function refuseUnboundedWork(model: OnnxModel, nodes: Iterable<OnnxNode>): void {
  const reader = new WorkReader(model);
  const inGraph = inOrder(model, nodes);
  const operations = inGraph.map(({ range }) => range);
  // A function is called by its name like an operation: it counts whether it is called or not.
  for (const range of functionNodes(model, reader, inGraph)) operations.push(range);
  /** Of each value, in pixels an image's pixel. Weights are not among them. */
  const growth = new Map(model.inputs.map(({ name }) => [name, 1]));
  let elements = 0;
  for (let i = 0; i < operations.length; i++) {
    const operation = reader.operation(operations[i]!);
    if (loopOps.has(operation.op))
      throw new AppError(
        "file-refused",
        `${quote(model.name)} holds a loop (${operation.op}), which need not end.`,
        { hint: "An image encoder needs none. Export it without control flow: by tracing, not scripting." },
      );
    for (const range of operation.inner) operations.push(range);
    if (operations.length - model.nodes.length > mostInner) throw tooManyInside(model);
    const node = inGraph[i];
    const before = node === undefined ? 1 : largestOf(node.inputs.map((name) => growth.get(name) ?? 0));
    const grown = before * growthOf(operation, reader);
    for (const name of node?.outputs ?? []) growth.set(name, grown);
    if (!(grown <= mostGrowth))
      throw new AppError(
        "file-refused",
        `${quote(model.name)} would take too much memory: ${operation.op} makes maps ${Math.round(grown)} times as large as the images; at most ${mostGrowth} times is allowed.`,
        {
          hint: "The file is damaged, or made to fill the memory. Export the encoder alone, with the usual sizes.",
        },
      );
    const made = elementsMade(operation, reader);
    elements += made;
    if (!(elements <= mostElements))
      throw new AppError(
        "file-refused",
        `${quote(model.name)} would take too much memory: ${operation.op} makes ${made} values, whatever the images are; at most ${mostElements} are allowed.`,
        { hint: "The file is damaged, or made to fill the memory. Export the model again." },
      );
  }
}

function tooManyInside({ name }: OnnxModel): AppError {
  return new AppError("file-refused", `${quote(name)} has too many operations in bodies of others.`, {
    hint: "Export the encoder alone, without control flow.",
  });
}

/** What makes a value before what takes it, in whatever order they stand in the file. */
function inOrder(model: OnnxModel, nodes: Iterable<OnnxNode>): readonly OnnxNode[] {
  const makers = makersIn(model);
  return dependencyOrder(nodes, ({ inputs }) => inputs.flatMap((name) => makers.get(name) ?? []));
}

/**
 * The nodes of the file's own functions.
 *
 * @throws AppError "file-refused" when too many come of them: a runtime puts a function's nodes in place of every
 *   call, and a few that call each other twice make billions.
 */
function functionNodes(
  model: OnnxModel,
  reader: WorkReader,
  nodes: readonly OnnxNode[],
): readonly ByteRange[] {
  const functions = reader.functions();
  if (functions.size === 0) return [];
  const counts = new Map<string, number>();
  const countOf = (op: string, depth: number): number => {
    const body = functions.get(op);
    if (body === undefined) return 1;
    const known = counts.get(op);
    if (known !== undefined) return known;
    if (depth > mostCalls) throw tooManyInside(model);
    counts.set(op, Infinity); // while it is counted: one that calls itself never ends
    const count = body.reduce((sum, range) => sum + countOf(reader.operation(range).op, depth + 1), 0);
    counts.set(op, count);
    return count;
  };
  const count = nodes.reduce((sum, { op }) => sum + countOf(op, 0), 0);
  if (!(count <= model.nodes.length + mostInner)) throw tooManyInside(model);
  return [...functions.values()].flat();
}

/** Functions inside functions. */
const mostCalls = 100;

interface Operation {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly attributes: ReadonlyMap<string, readonly number[]>;
  /** The nodes of its bodies. */
  readonly inner: readonly ByteRange[];
}

/** At least how many numbers an operation's value has, by what the file says; 1 where only the images tell. */
function elementsMade({ op, inputs, attributes }: Operation, reader: WorkReader): number {
  const input = (index: number): readonly number[] => reader.constant(inputs[index] ?? "") ?? [];
  const attribute = (name: string): readonly number[] => attributes.get(name) ?? [];
  switch (op) {
    case "ConstantOfShape":
    case "BlackmanWindow":
    case "HannWindow":
    case "HammingWindow":
      return product(input(0));
    case "Expand":
    case "Tile":
    case "OneHot":
    case "CenterCropPad":
    case "Col2Im":
      return product(input(1));
    case "Resize":
      return product(input(3));
    case "MaxUnpool":
      return product(input(2));
    case "RandomNormal":
    case "RandomUniform":
      return product(attribute("shape"));
    case "Range":
      return rangeLength(input(0), input(1), input(2));
    case "Pad":
      return padded([...input(1), ...attribute("pads"), ...attribute("paddings")], []);
    case "ConvTranspose":
      return product(attribute("output_shape"));
    default:
      return padded(attribute("pads"), attribute("strides"));
  }
}

/** How many times as large an operation's value is as what it takes, where the file says that. */
function growthOf({ op, inputs, attributes }: Operation, reader: WorkReader): number {
  const input = (index: number): readonly number[] => reader.constant(inputs[index] ?? "") ?? [];
  const attribute = (name: string): readonly number[] => attributes.get(name) ?? [];
  const scales = (index: number): number =>
    [...input(index), ...attribute("scales")].reduce((times, scale) => times * Math.abs(scale), 1);
  switch (op) {
    case "Resize":
      return scales(inputs.length < 3 ? 1 : 2); // before opset 11 they stood where a region stands now
    case "Upsample":
      return scales(1);
    case "Tile":
      return product(input(1));
    case "ConvTranspose":
      return product(attribute("strides"));
    case "Conv":
    case "MaxPool":
    case "AveragePool":
      return 1 / product(attribute("strides"));
    case "GlobalAveragePool":
    case "GlobalMaxPool":
      return 1 / pooledPixels;
    default:
      return 1;
  }
}

/** What padding alone adds up to, in all channels. @param pads all beginnings, then all ends. */
function padded(pads: readonly number[], strides: readonly number[]): number {
  const rank = Math.floor(pads.length / 2);
  const margin = product(
    pads.slice(0, rank).map((pad, i) => (pad + pads[rank + i]!) / Math.max(1, strides[i] ?? 1)),
  );
  return paddedElements(margin);
}

class WorkReader {
  private readonly budget = new FieldBudget();
  private readonly weights: ReadonlyMap<string, OnnxWeight>;
  private readonly makers: ReadonlyMap<string, OnnxNode>;
  private readonly known = new Map<string, readonly number[] | null>();
  private readonly bytes: Uint8Array<ArrayBuffer>;

  constructor(model: OnnxModel) {
    this.bytes = model.bytes;
    this.weights = new Map(model.weights.map((weight) => [weight.name, weight]));
    this.makers = makersIn(model);
  }

  /** Nodes of the file's own functions, by name. */
  functions(): ReadonlyMap<string, readonly ByteRange[]> {
    const functions = new Map<string, readonly ByteRange[]>();
    for (const field of this.all({ start: 0, end: this.bytes.length }, 25)) {
      const [name] = this.all(inside(field), 1);
      const nodes = this.all(inside(field), 7);
      // Where two domains have one of the same name, both count.
      const key = name === undefined ? "" : textOf(this.bytes, name);
      functions.set(key, [...(functions.get(key) ?? []), ...nodes]);
    }
    return functions;
  }

  operation(range: ByteRange): Operation {
    const [node] = this.fields(range);
    const inputs: string[] = [];
    const attributes = new Map<string, readonly number[]>();
    const inner: ByteRange[] = [];
    let op = "";
    for (const part of node === undefined ? [] : this.fields(inside(node))) {
      if (part.kind !== "bytes") continue;
      if (part.number === 1) inputs.push(textOf(this.bytes, part));
      if (part.number === 4) op = textOf(this.bytes, part);
      if (part.number !== 5) continue;
      const { name, numbers, graphs } = this.attribute(part);
      attributes.set(name, numbers);
      for (const graph of graphs) {
        for (const each of this.all(inside(graph), 1)) inner.push(each);
        for (const weight of this.all(inside(graph), 5)) this.learn(weight);
      }
    }
    if (op === "Constant") {
      const [value] = [...attributes.values()];
      const [name] =
        node === undefined ? [] : this.all(inside(node), 2).map((field) => textOf(this.bytes, field));
      if (value !== undefined && name !== undefined) this.remember(name, value);
    }
    return { op, inputs, attributes, inner };
  }

  /** The numbers of a small constant; those that are computed from constants in the simplest ways too. */
  constant(name: string, depth = 0): readonly number[] | null {
    const known = this.known.get(name);
    if (known !== undefined) return known;
    this.known.set(name, null); // while it is worked out: a graph in a circle has no constants
    const found = this.workOut(name, depth);
    this.known.set(name, found);
    return found;
  }

  private workOut(name: string, depth: number): readonly number[] | null {
    const weight = this.weights.get(name);
    if (weight !== undefined) return this.numbersOf(inside(this.fields(weight.range)[0]!));
    const maker = this.makers.get(name);
    if (maker === undefined || depth > 100) return null;
    if (maker.op === "Constant") return [...this.operation(maker.range).attributes.values()][0] ?? null;
    const given = maker.inputs.slice(0, mostSizes).map((input) => this.constant(input, depth + 1));
    const [a, b] = given;
    if (a === null || a === undefined) return null;
    switch (maker.op) {
      case "Identity":
      case "Cast":
      case "Squeeze":
      case "Unsqueeze":
      case "Reshape":
        return a;
      case "Concat":
        return given.includes(null) ? null : given.flatMap((part) => part ?? []).slice(0, mostSizes);
      case "Mul":
      case "Add": {
        if (b === null || b === undefined || a.length === 0 || b.length === 0) return null;
        const apply = (x: number, y: number): number => (maker.op === "Mul" ? x * y : x + y);
        const length = Math.max(a.length, b.length);
        return Array.from({ length }, (_, i) => apply(a[i % a.length]!, b[i % b.length]!));
      }
      default:
        return null;
    }
  }

  /** A constant of a body, which may stand under a name that is used elsewhere: the larger one counts. */
  private learn(weight: ProtoField): void {
    const [name] = this.all(inside(weight), 8).map((field) => textOf(this.bytes, field));
    const numbers = this.numbersOf(inside(weight));
    if (name !== undefined && numbers !== null) this.remember(name, numbers);
  }

  private remember(name: string, numbers: readonly number[]): void {
    const before = this.known.get(name);
    if (before === undefined || before === null || product(numbers) > product(before))
      this.known.set(name, numbers);
  }

  private attribute(field: ProtoField): {
    name: string;
    numbers: readonly number[];
    graphs: readonly ProtoField[];
  } {
    const numbers: number[] = [];
    const graphs: ProtoField[] = [];
    let name = "";
    for (const part of this.fields(inside(field))) {
      if (part.number === 1 && part.kind === "bytes") name = textOf(this.bytes, part);
      if (part.number === 2 || part.number === 7) this.floats(part, numbers);
      if (part.number === 3 || part.number === 8) this.integers(part, numbers);
      if (part.number === 5 && part.kind === "bytes") numbers.push(...(this.numbersOf(inside(part)) ?? []));
      if ((part.number === 6 || part.number === 11) && part.kind === "bytes") graphs.push(part);
    }
    return { name, numbers, graphs };
  }

  /** Of a TensorProto; null where there are too many, or they are of a type that no shape has. */
  private numbersOf(tensor: ByteRange): readonly number[] | null {
    const numbers: number[] = [];
    let type = 0;
    let raw: ProtoField | null = null;
    for (const part of this.fields(tensor)) {
      if (part.number === 2 && part.kind === "varint") type = part.value;
      if (part.number === 4) this.floats(part, numbers);
      if (part.number === 5 || part.number === 7) this.integers(part, numbers);
      if (part.number === 9 && part.kind === "bytes") raw = part;
      if (numbers.length > mostSizes) return null;
    }
    const width = { 1: 4, 6: 4, 7: 8 }[type];
    if (width === undefined) return null;
    if (raw === null) return numbers;
    const count = Math.floor((raw.end - raw.value) / width);
    if (count > mostSizes) return null;
    const view = new DataView(this.bytes.buffer, this.bytes.byteOffset + raw.value, raw.end - raw.value);
    return Array.from({ length: count }, (_, i) => {
      if (type === 1) return view.getFloat32(4 * i, true);
      return type === 6 ? view.getInt32(4 * i, true) : Number(view.getBigInt64(8 * i, true));
    });
  }

  /** One, or all of them packed into one field. */
  private integers(part: ProtoField, into: number[]): void {
    if (part.kind === "varint") into.push(part.value);
    if (part.kind !== "bytes") return;
    for (let at = part.value; at < part.end && into.length <= mostSizes;) {
      const { value, next } = readVarint(this.bytes, at, part.end);
      into.push(value);
      at = next;
    }
  }

  private floats(part: ProtoField, into: number[]): void {
    if (part.kind !== "bytes" && part.kind !== "fixed32") return;
    const view = new DataView(this.bytes.buffer, this.bytes.byteOffset + part.value, part.end - part.value);
    for (let at = 0; at + 4 <= view.byteLength && into.length <= mostSizes; at += 4)
      into.push(view.getFloat32(at, true));
  }

  private all(range: ByteRange, number: number): readonly ProtoField[] {
    return this.fields(range).filter((field) => field.number === number && field.kind === "bytes");
  }

  private fields(range: ByteRange): readonly ProtoField[] {
    return [...fieldsOf(this.bytes, range, this.budget)];
  }
}

function inside({ value, end }: ProtoField): ByteRange {
  return { start: value, end };
}
