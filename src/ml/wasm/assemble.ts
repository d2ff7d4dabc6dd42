/**
 * A WebAssembly module as bytes, from functions written down instruction by instruction: enough for loops over a memory
 * that is another module's. Encoding: WebAssembly core specification, chapter 5.
 */
export type ValueType = "i32" | "f32" | "v128";

export interface WasmFunction {
  readonly name: string;
  readonly parameters: readonly ValueType[];
  readonly locals: readonly ValueType[];
  /** Instructions, without the final `end`. */
  readonly body: readonly number[];
}

/**
 * A function whose parameters and locals have names.
 *
 * @param body is given the index of each by its name. Locals begin as zeros.
 */
export function wasmFunction<Parameter extends string, Local extends string = never>(
  name: string,
  parameters: Readonly<Record<Parameter, ValueType>>,
  locals: Readonly<Record<Local, ValueType>>,
  body: (index: Readonly<Record<Parameter | Local, number>>) => readonly number[],
): WasmFunction {
  const names = [...Object.keys(parameters), ...Object.keys(locals)];
  const index = Object.fromEntries(names.map((each, i) => [each, i]));
  return {
    name,
    parameters: Object.values<ValueType>(parameters),
    locals: Object.values<ValueType>(locals),
    body: body(index as Record<Parameter | Local, number>),
  };
}

/** Of parameters or locals of one type. */
export function allOf<Name extends string>(
  type: ValueType,
  ...names: readonly Name[]
): Readonly<Record<Name, ValueType>> {
  return Object.fromEntries(names.map((name) => [name, type])) as Record<Name, ValueType>;
}

const typeCodes: Record<ValueType, number> = { i32: 0x7f, f32: 0x7d, v128: 0x7b };

/** @param shared whether the memory, imported as "env" "memory", is one that threads share. */
export function assembleModule(functions: readonly WasmFunction[], shared: boolean): Uint8Array<ArrayBuffer> {
  const memory = shared ? [0x03, 0, ...unsigned(65_536)] : [0x00, 0];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(
      1,
      functions.map(({ parameters }) => [0x60, ...vector(parameters.map((type) => [typeCodes[type]])), 0]),
    ),
    ...section(2, [[...text("env"), ...text("memory"), 0x02, ...memory]]),
    ...section(
      3,
      functions.map((_, i) => unsigned(i)),
    ),
    ...section(
      7,
      functions.map(({ name }, i) => [...text(name), 0x00, ...unsigned(i)]),
    ),
    ...section(
      10,
      functions.map(({ locals, body }) => {
        const code = [...vector(locals.map((type) => [1, typeCodes[type]])), ...body, 0x0b];
        return [...unsigned(code.length), ...code];
      }),
    ),
  ]);
}

/** LEB128. */
export function unsigned(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)];
}

function vector(items: readonly (readonly number[])[]): number[] {
  return [...unsigned(items.length), ...items.flat()];
}

function section(id: number, items: readonly (readonly number[])[]): number[] {
  const content = vector(items);
  return [id, ...unsigned(content.length), ...content];
}

function text(value: string): number[] {
  return vector(Array.from(value, (letter) => [letter.charCodeAt(0)]));
}
