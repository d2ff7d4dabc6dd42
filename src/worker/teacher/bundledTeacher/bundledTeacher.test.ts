import { readFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { beforeAll, expect, it } from "vitest";
import { useNodeBackend } from "../../../../tools/nodeBackends.ts";
import { standardDemo } from "../../../contract/dataset.ts";
import { CpuViewSource } from "../../../ml/augment/cpuViewSource.ts";
import { plainViews } from "../../../ml/augment/drawViews.ts";
import { demoBlocks } from "../../../ml/data/demoBlocks.ts";
import { ImageStore } from "../../../ml/data/imageStore.ts";
import { normalizeRows } from "../../../ml/tensors/unitRows.ts";
import { embedWithTeacher } from "../../../ml/teachers/embedWithTeacher.ts";
import type { Teacher } from "../../../ml/teachers/teacher.ts";
import { loadTeacher } from "../loadTeacher.ts";
import card from "./teacher.json";

let bytes: Uint8Array<ArrayBuffer>;
let teacher: Teacher;
beforeAll(async () => {
  await useNodeBackend("wasm");
  bytes = new Uint8Array(await readFile(new URL("teacher.safetensors", import.meta.url)));
  teacher = await loadTeacher(
    { kind: "bundled" },
    async () => bytes,
    () => Promise.reject(new Error("it is no ONNX file")),
  );
});

it("is the file that its card describes, small enough to ship", () => {
  expect(bytes.length).toBe(card.bytes);
  expect(bytes.length).toBeLessThan(12e6);
  expect(createHash("sha256").update(bytes).digest("hex")).toBe(card.sha256);
});

it("is recognised with its projection head, and says what it is good for and what not", () => {
  expect(teacher.card).toMatchObject({
    source: "bundled",
    architecture: card.network.architecture,
    head: "MLP 256 → 512 → 128",
    embeddingDim: card.network.embedding,
    featureDim: 256,
    inputSize: 32,
    parameters: card.parameters,
  });
  expect(teacher.card.notes).toContain(card.notFor);
  expect(teacher.card.notes.join(" ")).toMatch(/CIFAR-10 \(\d+ epochs\).* kNN .*demo set/);
});

it("embeds drawn pictures where PyTorch did", async () => {
  const store = new ImageStore(standardDemo.size);
  for (const block of demoBlocks({ ...standardDemo, count: card.check.rows.length })) store.append(block);
  const source = new CpuViewSource(store, 32);
  const views = plainViews(source, Int32Array.from(card.check.rows.keys()));
  const { embedding } = await embedWithTeacher(teacher, views, 0);
  const rows = normalizeRows(embedding);
  const found = await rows.array();
  card.check.rows.forEach((row, image) =>
    row.forEach((expected, i) => expect(Math.abs(found[image]![i]! - expected)).toBeLessThan(1e-4)),
  );
});
