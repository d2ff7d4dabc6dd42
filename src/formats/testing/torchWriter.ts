/** Writes small PyTorch checkpoints byte by byte, so that tests stand alone and can make what torch.save would not. */
import { writeZip } from "../zip.ts";

/** A pickle in the making. Values: null, booleans, numbers, strings, arrays (lists), `Raw` instructions. */
export type Pickled =
  null | boolean | number | bigint | string | readonly Pickled[] | ReadonlyMap<string, Pickled> | Raw;
/** Instructions that leave one value on the stack. */
export class Raw {
  readonly bytes: readonly number[];
  constructor(...parts: readonly (readonly number[])[]) {
    this.bytes = parts.flat();
  }
}

export const ascii = (text: string): number[] => [...new TextEncoder().encode(text)];
const le = (value: number, bytes: number): number[] =>
  Array.from({ length: bytes }, (_, i) => Math.floor(value / 2 ** (8 * i)) % 256);

export function encode(value: Pickled): number[] {
  if (value instanceof Raw) return [...value.bytes];
  if (value === null) return [0x4e];
  if (typeof value === "boolean") return [value ? 0x88 : 0x89];
  if (typeof value === "bigint") {
    const bytes = Array.from({ length: 12 }, (_, i) => Number((value >> BigInt(8 * i)) & 255n));
    return [0x8a, 12, ...bytes];
  }
  if (typeof value === "number") {
    if (Number.isInteger(value) && Math.abs(value) < 2 ** 31)
      return [0x4a, ...le(value < 0 ? value + 2 ** 32 : value, 4)];
    const double = new Uint8Array(new Float64Array([value]).buffer).reverse();
    return [0x47, ...double];
  }
  if (typeof value === "string") {
    const text = ascii(value);
    return [0x58, ...le(text.length, 4), ...text];
  }
  if (value instanceof Map)
    return [
      0x7d,
      0x28,
      ...[...value].flatMap(([key, item]) => [...encode(key as string), ...encode(item as Pickled)]),
      0x75,
    ];
  return [0x5d, 0x28, ...(value as readonly Pickled[]).flatMap(encode), 0x65];
}

export const tuple = (...items: readonly Pickled[]): Raw => new Raw([0x28], ...items.map(encode), [0x74]);
export const global = (module: string, name: string): Raw => new Raw([0x63], ascii(`${module}\n${name}\n`));
export const reduce = (callee: Pickled, args: Pickled): Raw => new Raw(encode(callee), encode(args), [0x52]);
export const persistent = (id: Pickled): Raw => new Raw(encode(id), [0x51]);

export interface StorageSpec {
  readonly key: string;
  readonly type?: string;
  readonly location?: string;
  readonly length: number;
}
export const storage = ({ key, type = "FloatStorage", location = "cpu", length }: StorageSpec): Raw =>
  persistent(tuple("storage", global("torch", type), key, location, length));
/** A view as `_rebuild_tensor_v2` makes it. */
export const tensor = (
  from: Raw,
  offset: number,
  shape: readonly number[],
  strides: readonly number[],
): Raw =>
  reduce(
    global("torch._utils", "_rebuild_tensor_v2"),
    tuple(
      from,
      offset,
      tuple(...shape),
      tuple(...strides),
      false,
      reduce(global("collections", "OrderedDict"), tuple()),
    ),
  );

export const dictionaryOf = (entries: Readonly<Record<string, Pickled>>): ReadonlyMap<string, Pickled> =>
  new Map(Object.entries(entries));

/** One whole pickle of protocol 2. */
export const pickle = (value: Pickled): Uint8Array<ArrayBuffer> =>
  Uint8Array.from([0x80, 2, ...encode(value), 0x2e]);

/** The format since PyTorch 1.6. */
export async function torchZip(
  root: Pickled,
  records: ReadonlyMap<string, Uint8Array>,
  byteOrder: "little" | "big" | null = "little",
): Promise<Uint8Array<ArrayBuffer>> {
  return writeZip([
    { path: "archive/data.pkl", bytes: pickle(root) },
    ...(byteOrder === null ? [] : [{ path: "archive/byteorder", bytes: byteOrder }]),
    ...[...records].map(([key, bytes]) => ({ path: `archive/data/${key}`, bytes })),
    { path: "archive/version", bytes: "3\n" },
  ]);
}

/** A storage of a legacy file: its element count, as claimed, and its bytes. */
export interface StorageBytes {
  readonly length: number;
  readonly bytes: Uint8Array;
}

/** The format before PyTorch 1.6. @param storages key → elements and bytes, in the file's order. */
export function torchLegacy(
  root: Pickled,
  storages: ReadonlyMap<string, StorageBytes>,
): Uint8Array<ArrayBuffer> {
  const facts = new Map<string, Pickled>([
    ["protocol_version", 1001],
    ["little_endian", true],
  ]);
  const magic = [0x80, 2, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e];
  return Uint8Array.from([
    ...magic,
    ...pickle(1001),
    ...pickle(facts),
    ...pickle(root),
    ...pickle([...storages.keys()]),
    ...[...storages.values()].flatMap(({ length, bytes }) => [...le(length, 8), ...bytes]),
  ]);
}

/** float32 values as a storage's bytes. */
export const floats = (...values: readonly number[]): Uint8Array =>
  new Uint8Array(Float32Array.from(values).buffer);
