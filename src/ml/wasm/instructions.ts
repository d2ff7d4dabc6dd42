import { unsigned } from "./assemble.ts";

/**
 * WebAssembly's instructions as byte sequences that nest like expressions: `addF32(load(get(x)), get(y))`. Opcodes: core
 * specification 5.4. Locals are given by index (`wasmFunction` names them), constants are below 64.
 */
export type Code = readonly number[];
export const get = (local: number): number[] => [0x20, local];
export const set = (local: number, value: Code): number[] => [...value, 0x21, local];
export const constant = (value: number): number[] => [0x41, value]; // below 64
export const plus = (a: Code, b: Code): number[] => [...a, ...b, 0x6a];
const simd = (code: number, ...operands: readonly Code[]): number[] => [
  ...operands.flat(),
  0xfd,
  ...unsigned(code),
];
export const load = (address: Code, offset = 0): number[] => [...address, 0xfd, 0x00, 2, offset];
export const store = (address: Code, value: Code, offset = 0): number[] => [
  ...address,
  ...value,
  ...[0xfd, 0x0b, 2, offset],
];
export const splat = (value: Code): number[] => simd(0x13, value);
export type Binary = (a: Code, b: Code) => number[];
export const addF32: Binary = (a, b) => simd(0xe4, a, b);
export const subF32: Binary = (a, b) => simd(0xe5, a, b);
export const mulF32: Binary = (a, b) => simd(0xe6, a, b);
export const addF64: Binary = (a, b) => simd(0xf0, a, b);
export const mulF64: Binary = (a, b) => simd(0xf2, a, b);
export const greater: Binary = (a, b) => simd(0x44, a, b);
export const and: Binary = (a, b) => simd(0x4e, a, b);
/** The larger one; NaN where the first is. */
export const atLeast: Binary = (a, b) => simd(0xeb, a, b);
/** The first two numbers as float64, or the last two. */
export const lowHalf = (value: Code): number[] => simd(0x5f, value);
export const highHalf = (value: Code): number[] =>
  lowHalf([
    ...value,
    ...value,
    0xfd,
    0x0d,
    ...[8, 9, 10, 11, 12, 13, 14, 15],
    ...[8, 9, 10, 11, 12, 13, 14, 15],
  ]);

/** do { body } while (local < end), as unsigned numbers. */
export const loopWhileBelow = (local: number, end: number, body: Code): number[] => [
  ...[0x03, 0x40],
  ...body,
  ...get(local),
  ...get(end),
  ...[0x49, 0x0d, 0],
  0x0b,
];
export const advance = (local: number, by: Code): number[] => set(local, plus(get(local), by));

export const equalF32: Binary = (a, b) => simd(0x41, a, b);
/** a where b has no bits set. */
export const andNot: Binary = (a, b) => simd(0x4f, a, b);
export const or: Binary = (a, b) => simd(0x50, a, b);
export const minusInfinity: Code = [0x43, 0x00, 0x00, 0x80, 0xff];
export const zeros: Code = splat([0x43, 0, 0, 0, 0]);
/** Four of eight numbers: 0 to 3 are a's, 4 to 7 b's. */
export const pick = (a: Code, b: Code, numbers: readonly [number, number, number, number]): number[] => [
  ...a,
  ...b,
  ...[0xfd, 0x0d],
  ...numbers.flatMap((number) => [0, 1, 2, 3].map((byte) => 4 * number + byte)),
];
export const divF32: Binary = (a, b) => simd(0xe7, a, b);
/** The smaller and the larger one; NaN where either is. */
export const smallerF32: Binary = (a, b) => simd(0xe8, a, b);
export const largerF32: Binary = (a, b) => simd(0xe9, a, b);
/** All bits where a ≤ b. */
export const notAboveF32: Binary = (a, b) => simd(0x45, a, b);
export const nearestF32 = (value: Code): number[] => simd(0x6a, value);
/** Towards zero; NaN becomes 0. */
export const toI32 = (value: Code): number[] => simd(0xf8, value);
export const addI32: Binary = (a, b) => simd(0xae, a, b);
/** @param bits below 64. */
export const shiftLeftI32 = (value: Code, bits: number): number[] => simd(0xab, value, constant(bits));
/** A float32 four times. */
export const number = (value: number): number[] =>
  splat([0x43, ...new Uint8Array(Float32Array.of(value).buffer)]);
