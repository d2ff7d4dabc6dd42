import * as ort from "onnxruntime-web/wasm";
import programUrl from "onnxruntime-web/ort-wasm-simd-threaded.mjs?url";
import wasmUrl from "onnxruntime-web/ort-wasm-simd-threaded.wasm?url";
import { usefulThreads } from "../usefulThreads.ts";

ort.env.wasm.wasmPaths = {
  mjs: new URL(programUrl, self.location.href).href,
  wasm: new URL(wasmUrl, self.location.href).href,
};
/** 1 where the page is not isolated. */
export const threads = crossOriginIsolated ? usefulThreads(navigator.hardwareConcurrency) : 1;
ort.env.wasm.numThreads = threads;

/** A model in ONNX Runtime on WebAssembly, its binary fetched from this site. */
export function openModel(model: Uint8Array): Promise<ort.InferenceSession> {
  return ort.InferenceSession.create(model, { executionProviders: ["wasm"], logSeverityLevel: 3 });
}

export const { Tensor } = ort;
export const runtimeVersion = ort.env.versions.web ?? ort.env.versions.common;
