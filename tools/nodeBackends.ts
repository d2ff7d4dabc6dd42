import { createRequire } from "node:module";
import { dirname, sep } from "node:path";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "../src/ml/tfjs/tf.ts";

/** The backends that compute in Node without a browser. */
export const nodeBackends = ["cpu", "wasm"] as const;

/** Makes one of them the current backend. */
export async function useNodeBackend(name: (typeof nodeBackends)[number]): Promise<void> {
  const entry = createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm");
  if (name === "wasm") setWasmPaths(dirname(entry) + sep);
  if (!(await tf.setBackend(name))) throw new Error(`Backend ${name} did not start.`);
  await tf.ready();
}
