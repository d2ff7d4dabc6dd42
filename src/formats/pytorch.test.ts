import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readCheckpoint, type Checkpoint } from "./checkpoint.ts";
import { readsOrRefuses, refusalOf } from "./testing/refusal.ts";
import {
  ascii,
  dictionaryOf as dict,
  encode,
  floats,
  global,
  persistent,
  pickle,
  Raw,
  reduce,
  storage,
  tensor,
  torchLegacy,
  torchZip,
  tuple,
  type Pickled,
  type StorageBytes,
} from "./testing/torchWriter.ts";
import { writeZip } from "./zip.ts";

const values = floats(0, 1, 2, 3, 4, 5);
const six = storage({ key: "0", length: 6 });
const matrix = tensor(six, 0, [2, 3], [3, 1]);

async function read(root: Pickled, records = new Map([["0", values]])): Promise<Checkpoint> {
  return readCheckpoint(await torchZip(root, records), "x.pth");
}
const numbers = (checkpoint: Checkpoint, name: string): number[] => [
  ...checkpoint.tensors.get(name)!.toFloat32(),
];

describe("PyTorch checkpoints", () => {
  it("reads views of one storage: whole, transposed, strided, shifted, expanded, scalar, empty", async () => {
    const checkpoint = await read(
      dict({
        whole: matrix,
        transposed: tensor(six, 0, [3, 2], [1, 3]),
        strided: tensor(six, 1, [3], [2]),
        expanded: tensor(six, 2, [2, 2], [0, 1]),
        scalar: tensor(six, 5, [], []),
        empty: tensor(six, 6, [0, 3], [3, 1]),
      }),
    );
    expect(checkpoint.format).toBe("pytorch-zip");
    expect(numbers(checkpoint, "whole")).toEqual([0, 1, 2, 3, 4, 5]);
    expect(numbers(checkpoint, "transposed")).toEqual([0, 3, 1, 4, 2, 5]);
    expect(numbers(checkpoint, "strided")).toEqual([1, 3, 5]);
    expect(numbers(checkpoint, "expanded")).toEqual([2, 3, 2, 3]);
    expect(numbers(checkpoint, "scalar")).toEqual([5]);
    expect(numbers(checkpoint, "empty")).toEqual([]);
    expect(checkpoint.tensors.get("transposed")!.shape).toEqual([3, 2]);
  });

  it("reads the legacy format, storages in the order of its list", async () => {
    const other = storage({ key: "b", type: "LongStorage", location: "cuda:3", length: 1 });
    const file = torchLegacy(
      dict({ x: matrix, n: tensor(other, 0, [], []) }),
      new Map([
        ["b", { length: 1, bytes: new Uint8Array(BigInt64Array.of(12345678901n).buffer) }],
        ["0", { length: 6, bytes: values }],
      ]),
    );
    const checkpoint = await readCheckpoint(new Blob([file]), "x.pth.tar");
    expect(checkpoint.format).toBe("pytorch-legacy");
    expect(numbers(checkpoint, "x")).toEqual([0, 1, 2, 3, 4, 5]);
    expect(checkpoint.tensors.get("n")!.toBigInts()).toEqual(BigInt64Array.of(12345678901n));
  });

  it("flattens nested containers into paths and keeps what lies beside the tensors", async () => {
    const checkpoint = await read(
      dict({
        epoch: 7,
        name: "r18",
        huge: 2n ** 80n,
        nothing: null,
        state_dict: dict({ "module.w": matrix }),
        list: [matrix, tuple(matrix, 0.5)],
      }),
    );
    expect([...checkpoint.tensors.keys()]).toEqual(["state_dict.module.w", "list[0]", "list[1][0]"]);
    expect(Object.fromEntries(checkpoint.metadata)).toEqual({
      epoch: 7,
      name: "r18",
      huge: String(2n ** 80n),
      "list[1][1]": 0.5,
    });
    expect([...(await read(matrix)).tensors.keys()]).toEqual(["tensor"]);
  });

  it("reads parameters, ordered dicts with attributes, namespaces and NumPy numbers", async () => {
    const parameter = reduce(global("torch._utils", "_rebuild_parameter"), tuple(matrix, true, null));
    const ordered = new Raw(
      encode(reduce(global("collections", "OrderedDict"), tuple())),
      encode("w"),
      encode(parameter),
      [0x73], // SETITEM
      encode(dict({ _metadata: 1 })),
      [0x62], // BUILD
    );
    const namespace = new Raw(
      encode(global("argparse", "Namespace")),
      [0x29, 0x81], // EMPTY_TUPLE, NEWOBJ
      encode(dict({ lr: 0.03, __proto__x: 1 })),
      [0x62],
    );
    const half = reduce(
      global("numpy.core.multiarray", "scalar"),
      tuple(
        reduce(global("numpy", "dtype"), tuple("f8", false, true)),
        reduce(global("_codecs", "encode"), tuple("\0\0\0\0\0\0\u00e0?", "latin1")),
      ),
    );
    const checkpoint = await read(dict({ model: ordered, args: namespace, accuracy: half }));
    expect(numbers(checkpoint, "model.w")).toEqual([0, 1, 2, 3, 4, 5]);
    expect(checkpoint.metadata.get("args.lr")).toBe(0.03);
    expect(checkpoint.metadata.get("accuracy")).toBe(0.5);
  });

  it("reads tensors of newer types through untyped storages", async () => {
    const untyped = persistent(tuple("storage", global("torch.storage", "UntypedStorage"), "0", "cpu", 4));
    const rebuilt = reduce(
      global("torch._utils", "_rebuild_tensor_v3"),
      tuple(untyped, 0, tuple(2), tuple(1), false, null, global("torch", "uint16")),
    );
    const checkpoint = await read(rebuilt, new Map([["0", new Uint8Array(Uint16Array.of(1, 65535).buffer)]]));
    expect(numbers(checkpoint, "tensor")).toEqual([1, 65535]);
  });

  it("swaps the bytes of big-endian files", async () => {
    const bytes = floats(1.5, -2.25).slice();
    bytes.subarray(0, 4).reverse();
    bytes.subarray(4, 8).reverse();
    const root = tensor(storage({ key: "0", length: 2 }), 0, [2], [1]);
    const file = await torchZip(root, new Map([["0", bytes]]), "big");
    expect(numbers(await readCheckpoint(file, "x.pth"), "tensor")).toEqual([1.5, -2.25]);
  });

  it("reports NaN and infinite values by tensor", async () => {
    const checkpoint = await read(dict({ x: matrix }), new Map([["0", floats(0, NaN, 2, Infinity, 4, 5)]]));
    expect(checkpoint.nonFinite).toEqual([{ name: "x", count: 2 }]);
  });

  it("keeps hostile names as names", async () => {
    const names = ["__proto__", "constructor", "toString"];
    const root = new Raw([0x7d, 0x28], ...names.flatMap((name) => [encode(name), encode(matrix)]), [0x75]);
    expect([...(await read(root)).tensors.keys()]).toEqual(names);
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  const nested = new Raw(
    Array.from({ length: 100_000 }, () => 0x5d),
    Array.from({ length: 99_999 }, () => 0x61),
  ); // ((((…))))
  const doubling = new Raw(
    [0x5d, 0x71, 0], // a list, memo 0
    ...Array.from({ length: 40 }, (_, i) => [0x5d, 0x28, 0x68, i, 0x68, i, 0x65, 0x71, i + 1]),
  );
  const itself = new Raw([0x7d, 0x71, 0], encode("me"), [0x68, 0, 0x73]);
  it.each<[string, Pickled, RegExp]>([
    ["a function call", reduce(global("builtins", "print"), tuple("x")), /"builtins.print"/],
    ["os.system", reduce(global("posix", "system"), tuple("true")), /"posix.system"/],
    ["eval by STACK_GLOBAL", new Raw(encode("builtins"), encode("eval"), [0x93]), /"builtins.eval"/],
    [
      "a dotted name",
      new Raw(encode("torch._utils"), encode("_rebuild_tensor_v2.x"), [0x93]),
      /_rebuild_tensor_v2.x/,
    ],
    [
      "a split dotted name",
      new Raw(encode("torch"), encode("_utils._rebuild_tensor_v2"), [0x93]),
      /_rebuild_tensor_v2/,
    ],
    ["another function of torch", global("torch.hub", "load"), /"torch.hub.load"/],
    ["a whole module", reduce(global("torch.nn.modules.linear", "Linear"), tuple()), /modules.linear.Linear/],
    ["INST", new Raw([0x28, 0x69], ascii("builtins\nprint\n")), /INST/],
    ["a call of a tensor", reduce(matrix, tuple()), /not a function/],
    [
      "attributes of a dict",
      new Raw(encode(dict({ a: 1 })), encode(dict({ __class__: "x" })), [0x62]),
      /attributes of a plain/,
    ],
    [
      "attributes of a tensor",
      new Raw(encode(matrix), encode(dict({ a: 1 })), [0x62]),
      /state of a TorchTensor/,
    ],
    ["a sparse tensor", global("torch._utils", "_rebuild_sparse_tensor"), /sparse tensors/],
    ["a complex storage", storage({ key: "0", type: "ComplexFloatStorage", length: 3 }), /complex tensors/],
    ["a quantised storage", storage({ key: "0", type: "QInt8Storage", length: 24 }), /quantised tensors/],
    ["a view beyond its storage", tensor(six, 4, [3], [1]), /reaches to byte 28, but the storage has 24/],
    ["a negative offset", tensor(six, -1, [2], [1]), /no valid offset/],
    ["a negative stride", tensor(six, 5, [2], [-1]), /non-negative/],
    ["a fractional size", tensor(six, 0, [1.5], [1]), /non-negative/],
    ["sizes without strides", tensor(six, 0, [2, 3], [1]), /2 dimensions but 1 strides/],
    ["an overflowing shape", tensor(six, 0, [2 ** 30, 2 ** 30], [0, 0]), /impossible shape/],
    ["a terabyte out of nothing", tensor(six, 0, [2 ** 30, 1024], [0, 0]), /would expand 24 stored bytes/],
    [
      "a longer storage than its record",
      tensor(storage({ key: "0", length: 7 }), 0, [2], [1]),
      /declares 28 bytes/,
    ],
    [
      "a storage without record",
      tensor(storage({ key: "9", length: 6 }), 0, [2], [1]),
      /storage 9 has no record/,
    ],
    ["a storage key that is a path", tensor(storage({ key: "../data.pkl", length: 6 }), 0, [2], [1]), /key/],
    [
      "a storage declared twice",
      [matrix, tensor(storage({ key: "0", length: 5 }), 0, [2], [1])],
      /declared twice/,
    ],
    ["a persistent id that is text", persistent("0"), /not to a storage/],
    ["a persistent id of another kind", persistent(tuple("module", 1, 2, 3, 4)), /not to a storage/],
    ["an item stored in text", new Raw(encode("abc"), encode("k"), encode("v"), [0x73]), /not a dict/],
    ["an empty stack", new Raw([0x52]), /stack is empty/],
    ["an empty memo slot", new Raw([0x68, 9]), /memo slot 9/],
    ["a string of 4 GB", new Raw([0x58, 255, 255, 255, 255]), /runs past its end/],
    ["an integer of 1 GB", new Raw([0x8b, 0, 0, 0, 64]), /an integer of/],
    ["a frame beyond the end", new Raw([0x95, 0, 0, 0, 1, 0, 0, 0, 0]), /frame/],
    ["protocol 9", new Raw([0x80, 9], encode(1)), /protocol 9/],
    ["an unknown instruction", new Raw([0xf7]), /0xf7/],
    ["deep nesting", nested, /nested more than 64 deep/],
    ["a memo bomb", doubling, /more than 1000000 values/],
    ["itself", itself, /nested more than 64 deep/],
    ["two tensors of one name", dict({ "a.b": matrix, a: dict({ b: matrix }) }), /Two tensors/],
  ])("refuses a file with %s", async (_, root, message) => {
    const refusal = await refusalOf(() => read(root));
    expect(refusal.message).toMatch(message);
    expect(refusal.code).toMatch(/^file-(refused|unreadable|unsupported)$/);
  });

  it("asks for a state dict when a whole module was saved", async () => {
    const refusal = await refusalOf(() => read(global("torch.nn.modules.linear", "Linear")));
    expect(refusal.hint).toMatch(/state_dict/);
  });

  it("refuses zips that are ambiguous, empty of a checkpoint, or TensorFlow.js", async () => {
    const twice = [
      { path: "a/data.pkl", bytes: pickle(1) },
      { path: "b/data.pkl", bytes: pickle(2) },
    ];
    expect((await refusalOf(async () => readCheckpoint(await writeZip(twice), "x"))).message).toMatch(
      /2 data.pkl/,
    );
    const photos = await writeZip([{ path: "cat.jpg", bytes: "x" }]);
    expect((await refusalOf(() => readCheckpoint(photos, "x"))).message).toMatch(/no data.pkl/);
    const tfjs = await writeZip([{ path: "m/model.json", bytes: "{}" }]);
    expect((await refusalOf(() => readCheckpoint(tfjs, "x"))).message).toMatch(/TensorFlow.js/);
  });

  it.each<[string, (file: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>, RegExp]>([
    ["cut inside a storage", (file) => file.slice(0, -3), /needs 24 bytes, but 21 are left/],
    ["cut before the storages", (file) => file.slice(0, -30), /ends before storage 0/],
    [
      "of another version",
      (file) => replace(file, [0x4a, 0xe9, 3, 0, 0], [0x4a, 0xea, 3, 0, 0]),
      /version 1002/,
    ],
  ])("refuses a legacy file %s", async (_, damage, message) => {
    const file = torchLegacy(dict({ x: matrix }), new Map([["0", { length: 6, bytes: values }]]));
    expect((await refusalOf(() => readCheckpoint(damage(file), "x.pth"))).message).toMatch(message);
  });

  it.each([
    ["a count that contradicts the pickle", [["0", { length: 5, bytes: values }]], /has 5 elements, but 6/],
    ["a storage that no tensor uses", [["7", { length: 6, bytes: values }]], /no tensor uses/],
    ["no storage", [], /storage 0 is missing/],
  ] as const)("refuses a legacy file with %s", async (_, storages, message) => {
    const file = torchLegacy(dict({ x: matrix }), new Map<string, StorageBytes>(storages));
    expect((await refusalOf(() => readCheckpoint(file, "x.pth"))).message).toMatch(message);
  });

  it("refuses code in a legacy file's preamble and in its tree", async () => {
    const call = reduce(global("builtins", "print"), tuple("x"));
    const inTree = torchLegacy(call, new Map());
    expect((await refusalOf(() => readCheckpoint(inTree, "x"))).message).toMatch(/builtins.print/);
    const inPreamble = Uint8Array.from([...torchLegacy(1, new Map()).slice(0, 15), ...pickle(call)]);
    expect((await refusalOf(() => readCheckpoint(inPreamble, "x"))).message).toMatch(/builtins.print/);
  });

  it("reads or refuses damaged files of both formats, and nothing else", async () => {
    const root = dict({ epoch: 3, x: matrix, y: [tensor(six, 1, [2, 2], [1, 2]), dict({ z: matrix })] });
    const legacy = torchLegacy(root, new Map([["0", { length: 6, bytes: values }]]));
    const tree = pickle(root);
    const edits = fc.array(
      fc.record({ at: fc.integer({ min: 0, max: 9999 }), byte: fc.integer({ min: 0, max: 255 }) }),
      { minLength: 1, maxLength: 3 },
    );
    const outcomes = { read: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(edits, fc.boolean(), async (list, zip) => {
        const bytes = (zip ? tree : legacy).slice();
        for (const { at, byte } of list) bytes[Math.floor((at / 10_000) * bytes.length)] = byte;
        const file = zip
          ? await writeZip([
              { path: "a/data.pkl", bytes },
              { path: "a/data/0", bytes: values },
            ])
          : bytes;
        outcomes[
          await readsOrRefuses(async () => {
            for (const found of (await readCheckpoint(file, "x.pth")).tensors.values()) found.toFloat32();
          })
        ]++;
      }),
      { numRuns: 400 },
    );
    expect(outcomes.refused).toBeGreaterThan(50);
    expect(outcomes.read).toBeGreaterThan(0);
  });

  it("survives arbitrary sequences of instructions", async () => {
    const opcodes = Array.from(
      ".(01245GJKMNQRTUXabcdehjlpqrstu}])\x80\x81\x85\x86\x87\x88\x89\x8a\x8c\x8f\x90\x93\x94\x95",
      (c) => c.charCodeAt(0),
    );
    const program = fc.array(
      fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...opcodes) }, fc.integer({ min: 0, max: 255 })),
      {
        maxLength: 60,
      },
    );
    await fc.assert(
      fc.asyncProperty(program, async (instructions) => {
        const file = torchLegacy(new Raw(instructions), new Map());
        await readsOrRefuses(() => readCheckpoint(file, "x.pth"));
      }),
      { numRuns: 500 },
    );
  });
});

function replace(
  file: Uint8Array<ArrayBuffer>,
  from: readonly number[],
  to: readonly number[],
): Uint8Array<ArrayBuffer> {
  const at = file.findIndex((_, i) => from.every((byte, j) => file[i + j] === byte));
  expect(at).toBeGreaterThan(0);
  const changed = file.slice();
  changed.set(to, at);
  return changed;
}
