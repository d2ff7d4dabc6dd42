type ArrayValues = Float32Array | Float64Array | BigInt64Array | Uint8Array;
export interface FixtureArray {
  readonly shape: readonly number[];
  readonly values: ArrayValues;
}

/** What another implementation computed: a manifest that says what and how, and arrays. */
export interface Fixture {
  /** "4_losses/distillation_losses" */
  readonly name: string;
  readonly manifest: Json;
  readonly arrays: ReadonlyMap<string, FixtureArray>;
  /** Another file beside the manifest, by its path relative to it. */
  readonly readFile?: (path: string) => Promise<Uint8Array<ArrayBuffer>>;
}

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** A fixture says something this program does not know how to check. Never to be passed over in silence. */
export class NotUnderstood extends Error {
  override readonly name = "NotUnderstood";
}

/**
 * Reads a .safetensors file. Deliberately not the product's reader: what checks must not rest on what is checked.
 *
 * @throws NotUnderstood for an element type no fixture has used so far.
 */
export function readFixtureArrays(bytes: Uint8Array): ReadonlyMap<string, FixtureArray> {
  const headerBytes = Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + headerBytes))) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >;
  const arrays = new Map<string, FixtureArray>();
  for (const [name, { dtype, shape, data_offsets }] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const [begin, end] = data_offsets;
    const raw = new Uint8Array(bytes.subarray(8 + headerBytes + begin, 8 + headerBytes + end)).buffer; // aligned
    arrays.set(name, { shape, values: elements(dtype, raw, name) });
  }
  return arrays;
}

function elements(dtype: string, raw: ArrayBuffer, name: string): ArrayValues {
  switch (dtype) {
    case "F32":
      return new Float32Array(raw);
    case "F64":
      return new Float64Array(raw);
    case "I64":
      return new BigInt64Array(raw);
    case "U8":
      return new Uint8Array(raw);
    default:
      throw new NotUnderstood(`array ${name} has element type ${dtype}`);
  }
}

/** One array of a fixture. @throws NotUnderstood when it is missing. */
export function arrayOf(fixture: Fixture, name: string): FixtureArray {
  const array = fixture.arrays.get(name);
  if (!array) throw new NotUnderstood(`${fixture.name} has no array ${name}`);
  return array;
}

/** Its elements as float32, whatever they are stored as. */
export function floatsOf(fixture: Fixture, name: string): Float32Array {
  return Float32Array.from(arrayOf(fixture, name).values as ArrayLike<number | bigint>, Number);
}

/** Its elements as 32-bit integers. */
export function integersOf(fixture: Fixture, name: string): Int32Array {
  return Int32Array.from(arrayOf(fixture, name).values as ArrayLike<number | bigint>, Number);
}

/** The shape of a matrix. @throws NotUnderstood for anything else. */
export function matrixShape(fixture: Fixture, name: string): readonly [rows: number, columns: number] {
  const [rows, columns, ...more] = arrayOf(fixture, name).shape;
  if (rows === undefined || columns === undefined || more.length > 0)
    throw new NotUnderstood(`${fixture.name}: array ${name} should have two dimensions`);
  return [rows, columns];
}

/** What a manifest holds at a path of keys. @throws NotUnderstood when it holds nothing there. */
export function at(json: Json, ...path: readonly (string | number)[]): Json {
  let value = json;
  for (const key of path) {
    const inner: Json | undefined =
      typeof value === "object" && value !== null ? (value as JsonObject)[String(key)] : undefined;
    if (inner === undefined) throw new NotUnderstood(`the manifest has nothing at ${path.join(" › ")}`);
    value = inner;
  }
  return value;
}

export function numberAt(json: Json, ...path: readonly (string | number)[]): number {
  const value = at(json, ...path);
  if (typeof value !== "number") throw new NotUnderstood(`${path.join(" › ")} should be a number`);
  return value;
}

export function objectAt(json: Json, ...path: readonly (string | number)[]): JsonObject {
  const value = at(json, ...path);
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new NotUnderstood(`${path.join(" › ")} should be an object`);
  return value as JsonObject;
}

export function listAt(json: Json, ...path: readonly (string | number)[]): readonly Json[] {
  const value = at(json, ...path);
  if (!Array.isArray(value)) throw new NotUnderstood(`${path.join(" › ")} should be a list`);
  return value as readonly Json[];
}

export function textAt(json: Json, ...path: readonly (string | number)[]): string {
  const value = at(json, ...path);
  if (typeof value !== "string") throw new NotUnderstood(`${path.join(" › ")} should be text`);
  return value;
}
