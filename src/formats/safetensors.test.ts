import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readSafetensors, writeSafetensors, type TensorToWrite } from "./safetensors.ts";
import { readsOrRefuses, refusalOf } from "./testing/refusal.ts";

function file(header: string, data = new Uint8Array(0)): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}
const f32 = (shape: number[], ...offsets: number[]): string =>
  JSON.stringify({ dtype: "F32", shape, data_offsets: offsets });

describe("safetensors", () => {
  it("reads back what it writes: names, shapes, values, metadata", () => {
    const name = fc
      .string({ unit: "binary", maxLength: 12 })
      .filter((text) => !/\p{Surrogate}/u.test(text) && text !== "__metadata__");
    const tensor = fc
      .record({
        name,
        shape: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }),
        dtype: fc.constantFrom("float32" as const, "float16" as const, "int64" as const),
      })
      .map(({ name, shape, dtype }): TensorToWrite => {
        const size = shape.reduce((product, length) => product * length, 1);
        return { name, shape, dtype, values: Float32Array.from({ length: size }, (_, i) => i - 3) };
      });
    const tensors = fc.uniqueArray(tensor, { selector: ({ name }) => name, maxLength: 6 });
    fc.assert(
      fc.property(
        tensors,
        fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true }),
        (list, metadata) => {
          const bytes = writeSafetensors(list, metadata);
          const read = readSafetensors(bytes);
          expect([...read.tensors.keys()].sort()).toEqual(list.map(({ name }) => name).sort());
          expect(Object.fromEntries(read.metadata)).toEqual(metadata);
          for (const { name, shape, dtype, values } of list) {
            const found = read.tensors.get(name)!;
            expect([found.dtype, found.shape]).toEqual([dtype, shape]);
            expect(found.toFloat32()).toEqual(values);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it("aligns every tensor and repeats itself byte for byte", () => {
    const tensors: TensorToWrite[] = [
      { name: "odd", shape: [3], values: Float32Array.of(1, 2, 3), dtype: "float16" },
      { name: "count", shape: [], values: Float32Array.of(7), dtype: "int64" },
      { name: "w", shape: [1], values: Float32Array.of(1.5) },
    ];
    const bytes = writeSafetensors(tensors);
    const headerLength = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    expect(headerLength % 8).toBe(0);
    expect([...readSafetensors(bytes).tensors.keys()]).toEqual(["count", "w", "odd"]);
    expect(writeSafetensors(tensors)).toEqual(bytes);
    expect(readSafetensors(bytes).tensors.get("count")!.toBigInts()).toEqual(BigInt64Array.of(7n));
  });

  it("keeps hostile names as names", () => {
    const names = ["__proto__", "constructor", "toString"];
    const bytes = writeSafetensors(
      names.map((name, i) => ({ name, shape: [1], values: Float32Array.of(i) })),
    );
    expect([...readSafetensors(bytes).tensors.keys()]).toEqual(names);
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  it("reads a tensor that is not aligned", () => {
    const data = new Uint8Array(11);
    data.set(new Uint8Array(Float32Array.of(1.5, -2).buffer), 3);
    const header = `{"u": {"dtype":"U8","shape":[3],"data_offsets":[0,3]}, "x":${f32([2], 3, 11)}}`;
    expect([...readSafetensors(file(header, data)).tensors.get("x")!.toFloat32()]).toEqual([1.5, -2]);
  });

  const data = new Uint8Array(16);
  it.each([
    ["no length", new Uint8Array(7), /7 bytes/],
    ["header beyond the file", file("{}").subarray(0, 9), /claims 2 bytes/],
    ["not an object", file("[]"), /begin with/],
    ["not JSON", file("{oops}"), /not valid/],
    ["a name twice", file(`{"x":${f32([4], 0, 16)},"x":${f32([4], 0, 16)}}`, data), /"x" comes twice/],
    ["a name twice, escaped", file(`{"x":${f32([4], 0, 16)},"\\u0078":${f32([4], 0, 16)}}`, data), /twice/],
    ["overlap", file(`{"x":${f32([2], 0, 8)},"y":${f32([3], 4, 16)}}`, data), /"y" overlaps/],
    ["hole", file(`{"x":${f32([1], 0, 4)},"y":${f32([2], 8, 16)}}`, data), /bytes 4 to 8/],
    ["trailing bytes", file(`{"x":${f32([1], 0, 4)}}`, data), /16 bytes of data/],
    ["cut off", file(`{"x":${f32([8], 0, 32)}}`, data), /0 to 32 of 16/],
    ["wrong size", file(`{"x":${f32([5], 0, 16)}}`, data), /needs 20 bytes/],
    ["negative sizes", file(`{"x":${f32([-2, -2], 0, 16)}}`, data), /no shape/],
    ["overflowing shape", file(`{"x":${f32([2 ** 52, 2 ** 52], 0, 16)}}`, data), /needs Infinity/],
    [
      "unknown type",
      file(`{"x":{"dtype":"constructor","shape":[4],"data_offsets":[0,16]}}`, data),
      /constructor/,
    ],
    ["metadata of numbers", file(`{"__metadata__":{"a":1}}`), /"a" is not a string/],
    ["deep nesting", file(`{"x":${"[".repeat(5000)}`), /nested/],
  ])("refuses a file with %s", async (_, bytes, message) => {
    expect((await refusalOf(() => readSafetensors(bytes))).message).toMatch(message);
  });

  it("reads or refuses damaged files, and nothing else", async () => {
    const good = writeSafetensors(
      [
        { name: "a", shape: [2, 3], values: new Float32Array(6) },
        { name: "b", shape: [4], values: new Float32Array(4), dtype: "float16" },
      ],
      { format: "pt" },
    );
    const edit = fc.record({ at: fc.nat(good.length - 1), byte: fc.integer({ min: 0, max: 255 }) });
    const damaged = fc.tuple(
      fc.array(edit, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 0, max: good.length }),
    );
    const outcomes = { read: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(damaged, async ([edits, length]) => {
        const bytes = good.slice();
        for (const { at, byte } of edits) bytes[at] = byte;
        const given = length % 3 === 0 ? bytes.slice(0, length) : bytes;
        outcomes[
          await readsOrRefuses(() => [...readSafetensors(given).tensors.values()].map((t) => t.toFloat32()))
        ]++;
      }),
      { numRuns: 400 },
    );
    expect(outcomes.refused).toBeGreaterThan(50);
  });
});
