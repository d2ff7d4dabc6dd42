import { AppError } from "../contract/errors.ts";
import { quote } from "./quote.ts";
import { invariant } from "../lib/invariant.ts";
import { float32ToHalf } from "./half.ts";
import {
  elementBytes,
  elementCount,
  rowMajorStrides,
  StoredTensor,
  type ElementType,
} from "./storedTensor.ts";
import { parseStrictJson, StrictJsonError, type StrictJson, type StrictJsonObject } from "./strictJson.ts";

export interface SafetensorsFile {
  /** By name, in the order of their bytes. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** The file's `__metadata__`. */
  readonly metadata: ReadonlyMap<string, string>;
}

const maxHeaderBytes = 32 * 1024 * 1024;

const elementTypes: ReadonlyMap<string, ElementType> = new Map([
  ["F64", "float64"],
  ["F32", "float32"],
  ["F16", "float16"],
  ["BF16", "bfloat16"],
  ["I64", "int64"],
  ["I32", "int32"],
  ["I16", "int16"],
  ["I8", "int8"],
  ["U64", "uint64"],
  ["U32", "uint32"],
  ["U16", "uint16"],
  ["U8", "uint8"],
  ["BOOL", "bool"],
]);

/**
 * Reads a safetensors file as its specification demands: every byte of data belongs to exactly one tensor.
 * Tensors refer to `bytes`; nothing is copied until their values are asked for.
 *
 * @throws AppError "file-unreadable" or "file-unsupported" naming the tensor at fault.
 */
export function readSafetensors(bytes: Uint8Array<ArrayBuffer>): SafetensorsFile {
  const { header, dataStart } = readHeader(bytes);
  const data = bytes.subarray(dataStart);
  const metadata = new Map<string, string>();
  const placed: { begin: number; end: number; tensor: StoredTensor }[] = [];
  for (const [name, entry] of header) {
    if (name === "__metadata__") readMetadata(entry, metadata);
    else placed.push(placeTensor(name, entry, data));
  }
  placed.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let covered = 0;
  for (const { begin, end, tensor } of placed) {
    if (begin > covered) throw fault(`bytes ${covered} to ${begin} of the data belong to no tensor`);
    if (begin < covered) throw fault(`${quote(tensor.name)} overlaps the tensor before it`);
    covered = end;
  }
  if (covered !== data.length)
    throw fault(`its tensors fill ${covered} bytes but ${data.length} bytes of data follow the header`);
  return { tensors: new Map(placed.map(({ tensor }) => [tensor.name, tensor])), metadata };
}

function readHeader(bytes: Uint8Array): { header: StrictJsonObject; dataStart: number } {
  if (bytes.length < 8) throw fault(`it has ${bytes.length} bytes, and the header's length alone takes 8`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const declared = view.getBigUint64(0, true);
  if (declared > BigInt(bytes.length - 8))
    throw fault(`its header claims ${declared} bytes but only ${bytes.length - 8} follow`);
  if (declared > BigInt(maxHeaderBytes))
    throw new AppError(
      "file-refused",
      `The safetensors header of ${declared} bytes is over the limit of 32 MiB.`,
    );
  const dataStart = 8 + Number(declared);
  if (bytes[8] !== 0x7b || declared < 2n) throw fault("its header does not begin with {");
  let header: StrictJson;
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
      bytes.subarray(8, dataStart),
    );
    header = parseStrictJson(text, 4);
  } catch (error) {
    if (error instanceof StrictJsonError) throw fault(`its header is not valid: ${error.message}`);
    if (error instanceof TypeError) throw fault("its header is not UTF-8");
    throw error;
  }
  if (!(header instanceof Map)) throw fault("its header is not a JSON object");
  return { header: header as StrictJsonObject, dataStart };
}

function readMetadata(entry: StrictJson, into: Map<string, string>): void {
  if (!(entry instanceof Map)) throw fault("__metadata__ is not an object");
  for (const [key, value] of entry as StrictJsonObject) {
    if (typeof value !== "string") throw fault(`__metadata__ entry ${quote(key)} is not a string`);
    into.set(key, value);
  }
}

function placeTensor(
  name: string,
  entry: StrictJson,
  data: Uint8Array<ArrayBuffer>,
): { begin: number; end: number; tensor: StoredTensor } {
  const who = quote(name);
  if (!(entry instanceof Map)) throw fault(`the entry ${who} is not an object`);
  const fields = entry as StrictJsonObject;
  for (const key of fields.keys())
    if (key !== "dtype" && key !== "shape" && key !== "data_offsets")
      throw fault(`${who} has an unknown field ${quote(key)}`);
  const typeName = fields.get("dtype");
  if (typeof typeName !== "string") throw fault(`${who} has no dtype`);
  const dtype = elementTypes.get(typeName);
  if (dtype === undefined)
    throw new AppError("file-unsupported", `Tensor ${who} has the element type ${quote(typeName)}.`, {
      hint: `Types read here: ${[...elementTypes.keys()].join(", ")}.`,
    });
  const shape = integers(fields.get("shape"));
  if (shape === null || shape.length > 32) throw fault(`${who} has no shape of whole, non-negative numbers`);
  const offsets = integers(fields.get("data_offsets"));
  const [begin, end] = offsets ?? [];
  if (offsets?.length !== 2 || begin === undefined || end === undefined)
    throw fault(`${who} has no data_offsets of two whole, non-negative numbers`);
  if (begin > end || end > data.length)
    throw fault(`${who} lies at bytes ${begin} to ${end} of ${data.length} bytes of data`);
  const size = elementCount(shape);
  if (size * elementBytes[dtype] !== end - begin)
    throw fault(
      `${who} of shape [${shape.join(", ")}] and type ${typeName} needs ${size * elementBytes[dtype]} bytes, but ${end - begin} are assigned`,
    );
  const tensor = new StoredTensor({
    name,
    dtype,
    shape,
    storage: data.subarray(begin, end),
    offset: 0,
    strides: rowMajorStrides(shape),
    bigEndian: false,
  });
  return { begin, end, tensor };
}

function integers(value: StrictJson | undefined): readonly number[] | null {
  if (!Array.isArray(value)) return null;
  const items = value as readonly StrictJson[];
  const valid = items.every((item) => typeof item === "number" && Number.isSafeInteger(item) && item >= 0);
  return valid ? (items as readonly number[]) : null;
}

/** A tensor to be written. `values` are row-major; "int64" takes whole numbers (`num_batches_tracked`). */
export interface TensorToWrite {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
  readonly dtype?: "float32" | "float16" | "int64";
}

const writtenTypes = { float32: "F32", float16: "F16", int64: "I64", int16: "I16", uint8: "U8" } as const;

/**
 * A safetensors file, the same bytes for the same input: widest types first so that every tensor is aligned,
 * otherwise in the order given.
 *
 * @throws InvariantError when a name comes twice or values do not fit their shape.
 */
export function writeSafetensors(
  tensors: readonly TensorToWrite[],
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const encoded = tensors.map((tensor) => {
    const { name, shape, values, dtype = "float32" } = tensor;
    invariant(
      elementCount(shape) === values.length,
      `${name}: ${values.length} values for [${shape.join(", ")}]`,
    );
    return { name, shape, dtype, bytes: encode(values, dtype) };
  });
  encoded.sort((a, b) => elementBytes[b.dtype] - elementBytes[a.dtype]);
  const header = layOutSafetensors(encoded, metadata);
  const file = new Uint8Array(encoded.reduce((sum, { bytes }) => sum + bytes.length, header.length));
  file.set(header);
  let at = header.length;
  for (const { bytes } of encoded) {
    file.set(bytes, at);
    at += bytes.length;
  }
  return file;
}

/**
 * What comes before the tensors' bytes, for files that are written piece by piece: the bytes follow in the order given.
 *
 * @throws InvariantError when a name comes twice.
 */
export function layOutSafetensors(
  tensors: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly dtype: keyof typeof writtenTypes;
  }[],
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const header = new Map<string, unknown>();
  if (Object.keys(metadata).length > 0) header.set("__metadata__", metadata);
  let length = 0;
  for (const { name, shape, dtype } of tensors) {
    invariant(!header.has(name), `two tensors are called ${name}`);
    const end = length + elementCount(shape) * elementBytes[dtype];
    header.set(name, { dtype: writtenTypes[dtype], shape, data_offsets: [length, end] });
    length = end;
  }
  const entries = [...header].map(([name, entry]) => `${JSON.stringify(name)}:${JSON.stringify(entry)}`);
  const json = new TextEncoder().encode(`{${entries.join(",")}}`);
  const jsonLength = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + jsonLength).fill(0x20, 8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(jsonLength), true);
  bytes.set(json, 8);
  return bytes;
}

function encode(values: Float32Array, dtype: NonNullable<TensorToWrite["dtype"]>): Uint8Array {
  if (dtype === "float32") return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  if (dtype === "float16") return new Uint8Array(float32ToHalf(values).buffer);
  return new Uint8Array(BigInt64Array.from(values, (value) => BigInt(value)).buffer);
}

function fault(what: string): AppError {
  return new AppError("file-unreadable", `This is not a valid safetensors file: ${what}.`, {
    hint: "Download or export it again.",
  });
}
