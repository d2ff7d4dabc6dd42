/**
 * What an ONNX graph would make the runtime do, as far as the file alone tells: loops that need not end, and values
 * whose size is a number in the file and not a measure of its images. A runtime asks for none of it beforehand: 139
 * bytes can allocate gigabytes.
 */
import { AppError } from "../contract/errors.ts";
import type { OnnxModel, OnnxNode, OnnxWeight } from "./onnxModel.ts";
import { FieldBudget, fieldsOf, readVarint, textOf, type ByteRange, type ProtoField } from "./protobuf.ts";
import { quote } from "./quote.ts";

/** Numbers in all values together whose size the file sets: 512 MiB of float32. A picture's maps are not counted. */
const mostElements = 2 ** 27;
const loopOps = new Set(["Loop", "Scan", "SequenceMap"]);
/** Constants with more numbers than this are no shapes. */
const mostSizes = 64;
/** Operations in bodies and functions. */
const mostInner = 100_000;

/**
 * @param nodes those that will run.
 * @throws AppError "file-refused" when they loop, or hold values of more numbers than are allocated here.
 */
export function refuseUnboundedWork(model: OnnxModel, nodes: Iterable<OnnxNode>): void {
  const reader = new WorkReader(model);
  const operations = [...nodes].map(({ range }) => range);
  // A function is called by its name like an operation: it counts whether it is called or not.
  operations.push(...reader.functionNodes());
  let elements = 0;
  for (let i = 0; i < operations.length; i++) {
    const operation = reader.operation(operations[i]!);
    if (loopOps.has(operation.op))
      throw new AppError(
        "file-refused",
        `${quote(model.name)} holds a loop (${operation.op}), which need not end.`,
        { hint: "An image encoder needs none. Export it without control flow: by tracing, not scripting." },
      );
    operations.push(...operation.inner);
    if (operations.length - model.nodes.length > mostInner)
      throw new AppError("file-refused", `${quote(model.name)} has too many operations in bodies of others.`);
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
    case "Upsample":
    case "Resize":
      return Math.max(product(attribute("scales")), ...[1, 2, 3].map((index) => product(input(index))));
    case "MaxUnpool":
      return product(input(2));
    case "RandomNormal":
    case "RandomUniform":
      return product(attribute("shape"));
    case "Range": {
      const [[start], [end], [step]] = [input(0), input(1), input(2)];
      return start === undefined || end === undefined || step === undefined
        ? 1
        : Math.abs((end - start) / step);
    }
    case "Pad":
      return padded([...input(1), ...attribute("pads"), ...attribute("paddings")], []);
    case "ConvTranspose":
      return product(attribute("strides")) * product(attribute("output_shape"));
    default:
      return padded(attribute("pads"), attribute("strides"));
  }
}

/** Lengths below one count as one: a side that is empty makes the others cheap in one runtime, and not in another. */
function product(sizes: readonly number[]): number {
  return sizes.reduce((made, size) => made * Math.max(1, Math.abs(size)), 1);
}

/** What padding alone adds up to. @param pads all beginnings, then all ends. */
function padded(pads: readonly number[], strides: readonly number[]): number {
  const rank = Math.floor(pads.length / 2);
  return product(pads.slice(0, rank).map((pad, i) => (pad + pads[rank + i]!) / Math.max(1, strides[i] ?? 1)));
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
    this.makers = new Map(model.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  }

  functionNodes(): readonly ByteRange[] {
    return this.all({ start: 0, end: this.bytes.length }, 25).flatMap((field) => this.all(inside(field), 7));
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
        inner.push(...this.all(inside(graph), 1));
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
