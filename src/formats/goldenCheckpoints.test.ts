/**
 * Every checkpoint that PyTorch and safetensors wrote for us, good and broken, read exactly as its manifest demands:
 * the repository's own, and a larger set where it is at hand (rarer files, also built from bytes in the tests beside).
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { goldenFolders } from "../../tools/goldenFixtures.ts";
import { readCheckpoint, type Checkpoint } from "./checkpoint.ts";
import { recogniseLayout } from "./stateDictLayout.ts";
import type { StoredTensor } from "./storedTensor.ts";
import { refusalOf } from "./testing/refusal.ts";

interface Manifest {
  readonly good: readonly {
    readonly file: string;
    readonly expected: string;
    readonly scalars?: Readonly<Record<string, string | number>>;
    readonly names?: readonly string[];
  }[];
  readonly broken_and_malicious: readonly {
    readonly file: string;
    readonly why: string;
    readonly policy: string;
  }[];
}

type Tensors = ReadonlyMap<string, StoredTensor>;
const described = (tensors: Tensors): Record<string, string> =>
  Object.fromEntries(
    [...tensors].map(([name, t]) => [
      name,
      `${t.dtype} [${t.shape.join()}] ${Buffer.from(t.toBytes()).toString("base64")}`,
    ]),
  );
const without = (tensors: Tensors, ...prefixes: readonly string[]): Tensors =>
  new Map(
    [...tensors].map(([name, tensor]) => [
      prefixes.reduce((rest, prefix) => (rest.startsWith(prefix) ? rest.slice(prefix.length) : rest), name),
      tensor,
    ]),
  );
const values = (checkpoint: Checkpoint, name: string): number[] => [
  ...checkpoint.tensors.get(name)!.toFloat32(),
];

/** How the tensors of a good file relate to the safetensors file that holds the expected ones. */
const relations: Record<string, (tensors: Tensors) => Tensors> = {
  "moco_v2_checkpoint.zip.pth.tar": (tensors) => without(tensors, "state_dict."),
  "moco_v2_checkpoint.legacy.pth.tar": (tensors) => without(tensors, "state_dict."),
  "moco_v2_checkpoint.cuda.zip.pth.tar": (tensors) => without(tensors, "state_dict."),
  "with_namespace_and_numpy_scalar.zip.pth": (tensors) => without(tensors, "state_dict."),
  "nested_student_teacher.zip.pth": (tensors) =>
    without(
      new Map([...tensors].filter(([name]) => name.startsWith("student."))),
      "student.module.backbone.",
    ),
};

describe.each(goldenFolders("7_checkpoints").map(({ name, folder }) => [name, folder] as const))(
  "%s",
  (_name, folder) => {
    const manifest = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")) as Manifest;
    const load = async (file: string): Promise<Checkpoint> =>
      readCheckpoint(new Blob([readFileSync(join(folder, file))]), file);

    const compared = manifest.good.filter(
      ({ expected }) => /^\w+\.safetensors/.test(expected) && !expected.includes("conv1.weight"),
    );
    it.each(compared)("$file holds the tensors of $expected", async ({ file, expected, scalars }) => {
      const checkpoint = await load(file);
      const reference = (await load(expected.split(" ")[0]!)).tensors;
      const wanted = expected.includes("its parameters")
        ? new Map([...reference].filter(([name]) => !/running|batches/.test(name)))
        : reference;
      const found = described(relations[file]?.(checkpoint.tensors) ?? checkpoint.tensors);
      expect(Object.keys(found).length).toBeGreaterThan(0);
      expect(found).toEqual(described(wanted));
      expect(
        checkpoint.nonFinite.map(({ name }) => name).filter((name) => !name.includes("special")),
      ).toEqual([]);
      for (const [name, value] of Object.entries(scalars ?? {})) {
        if (name === "queue_ptr") expect(values(checkpoint, "state_dict.module.queue_ptr")).toEqual([value]);
        else expect(checkpoint.metadata.get(name), name).toBe(value);
      }
    });

    it("reads every good file", async () => {
      for (const { file } of manifest.good) expect((await load(file)).format, file).toMatch(/./);
    });

    it("turns halves into exactly the float32 that PyTorch gives", async () => {
      const halves = await load("dtypes.safetensors");
      const expanded = await load("dtypes_half_expanded.safetensors");
      for (const name of expanded.tensors.keys()) {
        const wanted = expanded.tensors.get(name)!.toFloat32();
        const got = halves.tensors.get(name.replace(".as_float32", ""))!.toFloat32();
        expect(got.length, name).toBe(wanted.length);
        for (let i = 0; i < got.length; i++)
          expect(Object.is(got[i], wanted[i]), `${name}[${i}] ${got[i]} ${wanted[i]}`).toBe(true);
      }
      expect(halves.tensors.get("num_batches_tracked")!.toBigInts()).toEqual(BigInt64Array.of(12345678901n));
    });

    it("takes MoCo's query encoder for the network, and nothing else", async () => {
      for (const file of ["moco_v2_checkpoint.zip.pth.tar", "moco_v2_checkpoint.safetensors"]) {
        const { tensors } = await load(file);
        const layout = recogniseLayout(tensors);
        const plainNames = [...(await load("plain_state_dict.safetensors")).tensors.keys()];
        expect([...layout.tensors.keys()].sort()).toEqual(plainNames.sort());
        const prefix = file.endsWith("safetensors") ? "module.encoder_q." : "state_dict.module.encoder_q.";
        for (const [name, tensor] of layout.tensors)
          expect(tensor.toBytes(), name).toEqual(tensors.get(prefix + name)!.toBytes());
        expect(layout.ignored.length).toBe(tensors.size - layout.tensors.size);
      }
    });

    const mayLoad = /^(loads by|may be)/;
    const refused = manifest.broken_and_malicious.filter(({ policy }) => !mayLoad.test(policy));
    it.each(refused)("refuses $file: $why", async ({ file, policy }) => {
      const started = performance.now();
      const refusal = await refusalOf(() => load(file));
      expect(performance.now() - started).toBeLessThan(5000);
      expect(refusal.code).toMatch(/^file-/);
      expect(refusal.message.length).toBeGreaterThan(20);
      if (policy.includes("state dict")) expect(`${refusal.message} ${refusal.hint}`).toMatch(/state dict/);
      if (file.includes("lfs")) expect(refusal.message).toMatch(/Git LFS/);
      expect(Object.keys(Object.prototype)).toEqual([]);
    });

    it.each(manifest.broken_and_malicious.filter(({ policy }) => policy.startsWith("loads by")))(
      "reads $file and reports the tensor",
      async ({ file }) => {
        expect((await load(file)).nonFinite).toEqual([{ name: "x", count: 1 }]);
      },
    );

    // Rarer files, which the repository's own set leaves to the byte-built ones of the tests beside.
    if (existsSync(join(folder, "hostile_names.zip.pth"))) {
      it("reads lists, hostile names, byte orders, unaligned and unordered files to the value", async () => {
        const plain = await load("plain_state_dict.safetensors");
        const list = await load("list_of_tensors.zip.pth");
        expect(Object.values(described(list.tensors))).toEqual(
          ["conv1.weight", "bn1.weight", "bn1.bias"].map((name) => described(plain.tensors)[name]),
        );
        expect([...list.tensors.keys()]).toEqual(["[0]", "[1][0]", "[1][1].x"]);
        for (const file of ["hostile_names.zip.pth", "hostile_names.safetensors"]) {
          const checkpoint = await load(file);
          const { names } = manifest.good.find((good) => good.file === file)!;
          names!.forEach((name, i) => expect(values(checkpoint, name), name).toEqual([i + 1, i + 1]));
        }
        for (const file of ["big_endian.zip.pth", "no_byteorder_record.zip.pth"]) {
          const checkpoint = await load(file);
          expect([...checkpoint.tensors.values()].map(({ shape }) => shape)).toEqual([[2, 2]]);
          expect(values(checkpoint, "x")).toEqual([1.5, -2.25, 3, 4]);
        }
        const unaligned = await load("unaligned.safetensors");
        expect([values(unaligned, "u8"), values(unaligned, "f32")]).toEqual([
          [1, 2, 3],
          [0, 1, 2],
        ]);
        const unordered = await load("unordered_header.safetensors");
        expect(["a", "b", "s", "e"].map((name) => values(unordered, name))).toEqual([
          [0, 1, 2],
          [10, 11, 12],
          [7],
          [],
        ]);
        expect((await load("no_tensors.safetensors")).tensors.size).toBe(0);
        expect(Object.keys(Object.prototype)).toEqual([]);
      });

      it("reads deflated tensors as the values they are", async () => {
        const { tensors } = await load("broken/tensor_bytes_deflated.pth");
        for (const tensor of tensors.values()) expect([...new Set(tensor.toFloat32())]).toEqual([0]);
      });
    }
  },
);
