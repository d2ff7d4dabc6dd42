import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  elementBytes,
  elementSpan,
  rowMajorStrides,
  StoredTensor,
  type ElementType,
} from "./storedTensor.ts";

const bytesOf = (array: ArrayBufferView): Uint8Array<ArrayBuffer> =>
  new Uint8Array(array.buffer.slice(0) as ArrayBuffer);
const whole = (dtype: ElementType, array: ArrayBufferView, length: number, bigEndian = false): StoredTensor =>
  new StoredTensor({
    name: "x",
    dtype,
    shape: [length],
    storage: bytesOf(array),
    offset: 0,
    strides: [1],
    bigEndian,
  });

describe("StoredTensor", () => {
  it("gives the values of every element type", () => {
    const cases: [ElementType, ArrayBufferView, number[]][] = [
      ["float64", Float64Array.of(1.5, -(2 ** 40)), [1.5, -(2 ** 40)]],
      ["float32", Float32Array.of(1.5, -0), [1.5, -0]],
      ["float16", Uint16Array.of(0x3e00, 0x8000, 1), [1.5, -0, 2 ** -24]],
      ["bfloat16", Uint16Array.of(0x3fc0, 0x8000, 1), [1.5, -0, 2 ** -133]],
      ["int64", BigInt64Array.of(-5n, 2n ** 60n), [-5, 2 ** 60]],
      ["uint64", BigUint64Array.of(5n, 2n ** 63n), [5, 2 ** 63]],
      ["int32", Int32Array.of(-5, 7), [-5, 7]],
      ["uint32", Uint32Array.of(5, 2 ** 31), [5, 2 ** 31]],
      ["int16", Int16Array.of(-5, 7), [-5, 7]],
      ["uint16", Uint16Array.of(5, 65535), [5, 65535]],
      ["int8", Int8Array.of(-5, 7), [-5, 7]],
      ["uint8", Uint8Array.of(5, 255), [5, 255]],
      ["bool", Uint8Array.of(0, 1, 255), [0, 1, 1]],
    ];
    expect(cases.map(([dtype]) => dtype).sort()).toEqual(Object.keys(elementBytes).sort());
    for (const [dtype, array, values] of cases)
      expect([...whole(dtype, array, values.length).toFloat32()], dtype).toEqual(values);
  });

  it("keeps 64-bit integers exact", () => {
    expect([...whole("int64", BigInt64Array.of(12345678901n, -(2n ** 62n) - 1n), 2).toBigInts()]).toEqual([
      12345678901n,
      -(2n ** 62n) - 1n,
    ]);
  });

  it("swaps bytes written on a big-endian machine", () => {
    const bytes = bytesOf(Float32Array.of(1.5, -2.25));
    bytes.subarray(0, 4).reverse();
    bytes.subarray(4, 8).reverse();
    expect([...whole("float32", bytes, 2, true).toFloat32()]).toEqual([1.5, -2.25]);
  });

  it("counts NaN, infinities and what float32 cannot hold", () => {
    expect(whole("float32", Float32Array.of(NaN, 1, -Infinity), 3).countNonFinite()).toBe(2);
    expect(whole("float64", Float64Array.of(1e300, 1), 2).countNonFinite()).toBe(1);
    expect(whole("float16", Uint16Array.of(0x7c00, 0x7bff), 2).countNonFinite()).toBe(1);
    expect(whole("int32", Int32Array.of(1), 1).countNonFinite()).toBe(0);
  });

  it("reads views of any stride as a slow loop does, and never shares its bytes", () => {
    const view = fc.record({
      shape: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }),
      strides: fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 4, maxLength: 4 }),
      dense: fc.boolean(),
      offset: fc.integer({ min: 0, max: 5 }),
      dtype: fc.constantFrom<ElementType>("float32", "uint8", "int16", "float64"),
      misaligned: fc.integer({ min: 0, max: 3 }),
    });
    fc.assert(
      fc.property(view, ({ shape, strides: wished, dense, offset, dtype, misaligned }) => {
        const strides = dense ? rowMajorStrides(shape) : wished.slice(0, shape.length);
        const length = offset + elementSpan(shape, strides);
        const width = elementBytes[dtype];
        const raw = Uint8Array.from({ length: length * width + misaligned }, (_, i) => (i * 37 + 11) % 251);
        const storage = raw.subarray(misaligned);
        const tensor = new StoredTensor({
          name: "x",
          dtype,
          shape,
          storage,
          offset,
          strides,
          bigEndian: false,
        });
        const expected: number[] = [];
        const walk = (axis: number, at: number): void => {
          if (axis === shape.length) expected.push(...storage.slice(at * width, (at + 1) * width));
          else for (let i = 0; i < shape[axis]!; i++) walk(axis + 1, at + i * strides[axis]!);
        };
        walk(0, offset);
        const got = tensor.toBytes();
        expect([...got]).toEqual(expected);
        expect(got.buffer).not.toBe(raw.buffer);
        expect(tensor.toFloat32().length).toBe(tensor.size);
      }),
      { numRuns: 300 },
    );
  });
});
