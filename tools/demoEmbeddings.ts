/**
 * Writes the bundled teacher's embeddings of the demo set, so that no visitor has to wait for them:
 *
 *     npm run demo-embeddings
 *
 * To be run again when the teacher or the demo set changes; a test compares the file with the teacher itself.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { defaultConfig } from "../src/contract/config.ts";
import { standardDemo } from "../src/contract/dataset.ts";
import { CpuViewSource } from "../src/ml/augment/cpuViewSource.ts";
import { plainViews } from "../src/ml/augment/drawViews.ts";
import { demoBlocks } from "../src/ml/data/demoBlocks.ts";
import { demoLabels } from "../src/ml/data/demoSet.ts";
import { ImageStore } from "../src/ml/data/imageStore.ts";
import { improveBackend } from "../src/ml/tfjs/improveBackend.ts";
import { PlainEmbeddings } from "../src/ml/teachers/plainEmbeddings.ts";
import { finish } from "../src/lib/slices.ts";
import { writeEmbeddings } from "../src/worker/teacher/embeddingFile.ts";
import { loadTeacher } from "../src/worker/teacher/loadTeacher.ts";
import { hashOfTeacher } from "../src/worker/teacher/hashOfTeacher.ts";
import { embeddingsKey } from "../src/worker/teacher/embeddingCache.ts";
import { repositoryRoot } from "./build.ts";
import { useNodeBackend } from "./nodeBackends.ts";

const folder = join(repositoryRoot, "src/worker/teacher/bundledTeacher");

await useNodeBackend("wasm");
improveBackend("wasm");
const store = new ImageStore(standardDemo.size);
for (const block of demoBlocks(standardDemo)) store.append(block);
const summary = await store.seal({ name: "Built-in demo", kind: "demo", labels: demoLabels });
const teacher = await loadTeacher(
  { kind: "bundled" },
  async () => new Uint8Array(await readFile(join(folder, "teacher.safetensors"))),
  () => Promise.reject(new Error("it is no ONNX file")),
);
const embeddings = new PlainEmbeddings(teacher, store.count, defaultConfig.teacherInputSize);
const source = new CpuViewSource(store, defaultConfig.imageSize);
await finish(
  embeddings.compute(
    Int32Array.from({ length: store.count }, (_, i) => i),
    (some) => plainViews(source, some),
  ),
  ({ done, total }) => process.stderr.write(`\r${done}/${total} `),
);
const stored = embeddings.stored();
if (stored === null) throw new Error("the teacher embedded nothing");
const hash = await hashOfTeacher({ kind: "bundled" });
const bytes = writeEmbeddings(embeddingsKey(hash ?? "", summary, defaultConfig), stored, "float16");
await writeFile(join(folder, "demoEmbeddings.safetensors"), bytes);
console.log(`${bytes.length} bytes about ${store.count} images`);
