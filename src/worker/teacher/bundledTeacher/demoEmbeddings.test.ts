import { readFile } from "node:fs/promises";
import { beforeAll, expect, it } from "vitest";
import { useNodeBackend } from "../../../../tools/nodeBackends.ts";
import { defaultConfig } from "../../../contract/config.ts";
import { standardDemo } from "../../../contract/dataset.ts";
import { CpuViewSource } from "../../../ml/augment/cpuViewSource.ts";
import { plainViews } from "../../../ml/augment/drawViews.ts";
import { demoBlocks } from "../../../ml/data/demoBlocks.ts";
import { demoLabels } from "../../../ml/data/demoSet.ts";
import { ImageStore } from "../../../ml/data/imageStore.ts";
import { improveBackend } from "../../../ml/tfjs/improveBackend.ts";
import { PlainEmbeddings } from "../../../ml/teachers/plainEmbeddings.ts";
import * as tf from "../../../ml/tfjs/tf.ts";
import { readEmbeddings } from "../embeddingFile.ts";
import { hashOfTeacher } from "../hashOfTeacher.ts";
import { loadTeacher } from "../loadTeacher.ts";
import { embeddingsKey } from "../embeddingCache.ts";

const read = async (name: string): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array(await readFile(new URL(name, import.meta.url)));

beforeAll(async () => {
  await useNodeBackend("wasm");
  improveBackend("wasm");
});

it("holds the bundled teacher's embeddings of the demo set, to half precision", async () => {
  const store = new ImageStore(standardDemo.size);
  for (const block of demoBlocks(standardDemo)) store.append(block);
  const summary = await store.seal({ name: "Built-in demo", kind: "demo", labels: demoLabels });
  const hash = await hashOfTeacher({ kind: "bundled" });
  const key = embeddingsKey(hash!, summary, defaultConfig);
  // Null here: the teacher, the demo set or their default sizes have changed. Run `npm run demo-embeddings`.
  const stored = readEmbeddings(key, await read("demoEmbeddings.safetensors"));
  expect(stored).not.toBeNull();
  expect(stored!.known.every((known) => known === 1)).toBe(true);
  expect(stored!.known.length).toBe(store.count);

  const teacher = await loadTeacher(
    { kind: "bundled" },
    () => read("teacher.safetensors"),
    () => Promise.reject(new Error("it is no ONNX file")),
  );
  const source = new CpuViewSource(store, defaultConfig.imageSize);
  const some = Int32Array.from({ length: 96 }, (_, i) => i * 25);
  const fresh = await new PlainEmbeddings(teacher, store.count, defaultConfig.teacherInputSize).rows(
    some,
    (images) => plainViews(source, images),
  );
  const shipped = new PlainEmbeddings(teacher, store.count, defaultConfig.teacherInputSize, stored).read(
    some,
  );
  for (const part of ["embedding", "features"] as const) {
    const [now, then] = [await fresh[part].data<"float32">(), await shipped[part].data<"float32">()];
    const largest = now.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    now.forEach((value, i) => expect(Math.abs(value - then[i]!)).toBeLessThan(1e-3 * largest));
  }
  tf.dispose([fresh.embedding, fresh.features, shipped.embedding, shipped.features]);
  teacher.dispose();
});
