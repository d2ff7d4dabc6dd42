import * as ort from "onnxruntime-web/wasm";
import programUrl from "onnxruntime-web/ort-wasm-simd-threaded.mjs?url";
import wasmUrl from "onnxruntime-web/ort-wasm-simd-threaded.wasm?url";
import type { OnnxSession } from "../../ml/teachers/onnxTeacher.ts";
import * as tf from "../../ml/tfjs/tf.ts";
import { usefulThreads } from "../usefulThreads.ts";

ort.env.wasm.wasmPaths = {
  mjs: new URL(programUrl, self.location.href).href,
  wasm: new URL(wasmUrl, self.location.href).href,
};
const threads = crossOriginIsolated ? usefulThreads(navigator.hardwareConcurrency) : 1;
ort.env.wasm.numThreads = threads;

/** A model in WebAssembly, beside whatever backend tfjs has: numbers are copied in and out. */
export async function openOnCpu(
  model: Uint8Array,
  names: { readonly input: string; readonly output: string },
): Promise<OnnxSession> {
  const session = await ort.InferenceSession.create(model, {
    executionProviders: ["wasm"],
    logSeverityLevel: 3,
  });
  return {
    place: `Runs in ONNX Runtime on WebAssembly with ${threads} thread${threads === 1 ? "" : "s"}; images and embeddings are copied to it and back.`,
    async run(images) {
      const input = new ort.Tensor("float32", await images.data<"float32">(), images.shape);
      const output = (await session.run({ [names.input]: input }))[names.output];
      if (output?.type !== "float32")
        throw new Error(`the output is ${output?.type ?? "missing"}, not float32`);
      return tf.tensor(output.data as Float32Array, [...output.dims]);
    },
    dispose: () => void session.release(),
  };
}
