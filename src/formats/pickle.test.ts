import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readCheckpoint } from "./checkpoint.ts";
import { readPickle } from "./pickle.ts";
import type { PickleDict } from "./pickleValues.ts";
import { describePickle, PickleList } from "./pickleValues.ts";
import { readsOrRefuses, refusalOf } from "./testing/refusal.ts";
import {
  dictionaryOf as dict,
  encode,
  floats,
  global,
  pickle,
  Raw,
  reduce,
  storage,
  tensor,
  torchZip,
  tuple,
  type Pickled,
} from "./testing/torchWriter.ts";
import { TorchHost } from "./torchObjects.ts";

const six = storage({ key: "0", length: 6 });
const matrix = tensor(six, 0, [2, 3], [3, 1]);
const records = new Map([["0", floats(0, 1, 2, 3, 4, 5)]]);
const run = (root: Pickled) => readPickle(pickle(root), new TorchHost()).value;

describe("values beside the weights", () => {
  const empty = new Map<string, Pickled>();
  it.each<[string, Pickled]>([
    ["a Counter", reduce(global("collections", "Counter"), tuple(dict({ 30: 1 })))],
    ["a defaultdict", reduce(global("collections", "defaultdict"), tuple(global("builtins", "list")))],
    ["a set of Python 2", reduce(global("__builtin__", "set"), tuple(["a"]))],
    ["bytes", reduce(global("builtins", "bytearray"), tuple("\u00ff", "latin-1"))],
    ["a complex number", reduce(global("builtins", "complex"), tuple(1, 2))],
    ["a path", reduce(global("pathlib", "PosixPath"), tuple("a", "b"))],
    [
      "a NumPy array",
      new Raw(
        encode(
          reduce(
            global("numpy.core.multiarray", "_reconstruct"),
            tuple(global("numpy", "ndarray"), tuple(0), "b"),
          ),
        ),
        encode(tuple(1, tuple(3), reduce(global("numpy", "dtype"), tuple("f8", 0, 1)), false, "xx")),
        [0x62], // BUILD
      ),
    ],
    ["a date", reduce(global("datetime", "datetime"), tuple("\u0007\u00e8"))],
  ])("does not refuse a checkpoint for %s", async (_, value) => {
    const file = await torchZip(dict({ model: dict({ w: matrix }), scheduler: value, empty }), records);
    expect([...(await readCheckpoint(file, "x.pth")).tensors.keys()]).toEqual(["model.w"]);
  });

  it("reads a tensor with attributes, and a Parameter made by its class", () => {
    const args = tuple(six, 0, tuple(2), tuple(1), false, null);
    const v2 = global("torch._utils", "_rebuild_tensor_v2");
    const withAttributes = reduce(
      global("torch._tensor", "_rebuild_from_type_v2"),
      tuple(v2, global("torch", "Tensor"), args, dict({ tag: 1 })),
    );
    expect(describePickle(run(withAttributes))).toBe("TorchTensor");
    expect(describePickle(run(reduce(global("torch.nn.parameter", "Parameter"), tuple(matrix))))).toBe(
      "TorchTensor",
    );
  });

  it("reads integers of every width, negative ones too", () => {
    const integers = [0, 127, -128, 255, -1].map(
      (value) => new Raw([0x8a, 2, value & 255, value < 0 ? 255 : 0]),
    );
    const list = run(integers);
    expect(list).toBeInstanceOf(PickleList);
    expect((list as PickleList).items).toEqual([0, 127, -128, 255, -1]);
    expect(run(new Raw([0x8a, 0]))).toBe(0);
    expect(run(-(2n ** 90n))).toBe(-(2n ** 90n));
  });

  it("counts what is stored in a dict once", () => {
    expect((run(dict({ a: 1, b: 2 })) as PickleDict).entries.size).toBe(2);
  });
});

describe("the budget", () => {
  const put = (slot: number): number[] => [0x71, slot];
  const get = (slot: number): number[] => [0x68, slot];
  const many = <T>(count: number, item: readonly T[]): T[] =>
    Array.from({ length: count }, () => item).flat();
  const call = [...get(0), ...get(1), 0x52, 0x61]; // function, arguments, REDUCE, APPEND

  it.each<[string, Raw]>([
    [
      "a list of pairs copied at every REDUCE",
      new Raw(
        encode(global("collections", "OrderedDict")),
        put(0),
        [0x5d, 0x28],
        ...Array.from({ length: 5000 }, (_, i) => encode(tuple(i, null))),
        [0x65, 0x85],
        put(1),
        [0x5d],
        many(5000, call),
      ),
    ],
    [
      "a text encoded at every REDUCE",
      new Raw(
        encode(global("_codecs", "encode")),
        put(0),
        encode(tuple("x".repeat(30_000), "latin1")),
        put(1),
        [0x5d],
        many(5000, call),
      ),
    ],
    [
      "the state of a Namespace set again and again",
      new Raw(
        encode(dict(Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`k${i}`, i])))),
        put(0),
        encode(global("argparse", "Namespace")),
        [0x29, 0x81],
        many(5000, [...get(0), 0x62]),
      ),
    ],
    ["dicts by the million", new Raw(many(600_000, [0x7d]))],
  ])("refuses %s, in little time", async (_, root) => {
    const bytes = pickle(root);
    const started = performance.now();
    const refusal = await refusalOf(() => readPickle(bytes, new TorchHost()));
    expect(refusal).toMatchObject({
      code: "file-refused",
      message: expect.stringContaining("more objects") as string,
    });
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it("is enough for twenty thousand tensors", () => {
    const state = new Raw(
      encode(reduce(global("collections", "OrderedDict"), tuple())),
      [0x28],
      Array.from({ length: 20_000 }, (_, i) => [
        ...encode(`layer${i}.weight`),
        ...encode(tensor(six, 0, [2, 3], [3, 1])),
      ]).flat(),
      [0x75],
    );
    expect((run(state) as PickleDict).entries.size).toBe(20_000);
  });

  /** Programs of whole phrases, which get further than single instructions do. */
  it("bounds the work of any program made of valid phrases", async () => {
    const slots = [0, 1, 2, 3];
    const slot = fc.constantFrom(...slots);
    const name = fc.constantFrom(
      global("collections", "OrderedDict"),
      global("collections", "Counter"),
      global("_codecs", "encode"),
      global("argparse", "Namespace"),
      global("torch", "Size"),
      global("builtins", "set"),
      global("torch._utils", "_rebuild_tensor_v2"),
      global("torch._tensor", "_rebuild_from_type_v2"),
    );
    const phrase = fc.oneof(
      slot.map(get),
      slot.map(put),
      name.map(encode),
      fc.constantFrom("latin1", "x".repeat(3000)).map(encode),
      fc
        .integer({ min: 0, max: 300 })
        .map((count) => [0x5d, 0x28, ...many(count, encode(tuple(1, 2))), 0x65]),
      fc
        .integer({ min: 1, max: 200 })
        .chain((count) =>
          fc
            .tuple(slot, slot)
            .map(([callee, args]) => [0x5d, ...many(count, [...get(callee), ...get(args), 0x52, 0x61])]),
        ),
      fc.constantFrom([0x85], [0x86], [0x52], [0x62], [0x61], [0x7d], [0x29], [0x28], [0x74], [0x75], [0x65]),
    );
    const start = many(4, [0x29]).flatMap((code, i) => [code, ...put(i)]);
    await fc.assert(
      fc.asyncProperty(fc.array(phrase, { maxLength: 40 }), async (phrases) => {
        const bytes = pickle(new Raw(start, ...phrases));
        const started = performance.now();
        await readsOrRefuses(() => readPickle(bytes, new TorchHost()));
        expect(performance.now() - started).toBeLessThan(1500);
      }),
      { numRuns: 300 },
    );
  });
});
