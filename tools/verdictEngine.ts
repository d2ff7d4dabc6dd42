import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Engine } from "../src/contract/protocol.ts";
import { createEngine } from "../src/worker/engine/engine.ts";
import { repositoryRoot } from "./build.ts";
import { useNodeBackend } from "./nodeBackends.ts";

const folder = join(repositoryRoot, "src/worker/teacher/bundledTeacher");

/** The page's engine in Node, computing with WASM: the same steps and the same measurements, without a browser. */
export async function openNodeEngine(): Promise<Engine> {
  const engine = createEngine({
    loader: {
      webgpu: () => Promise.reject(new Error("there is no GPU in Node")),
      wasm: async () => {
        await useNodeBackend("wasm");
        return { threads: 1, simd: true };
      },
      openOnnx: () => Promise.reject(new Error("it is no ONNX file")),
    },
    readBundledTeacher: async () => new Uint8Array(await readFile(join(folder, "teacher.safetensors"))),
    readDemoEmbeddings: async () =>
      new Uint8Array(await readFile(join(folder, "demoEmbeddings.safetensors"))),
  });
  await engine.request("openBackend", { choice: "wasm" });
  return engine;
}
