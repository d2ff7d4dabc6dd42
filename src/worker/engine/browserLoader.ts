import * as tf from "../../ml/tfjs/tf.ts";
import type { BackendLoader } from "./backend.ts";
import { openOnnxSession } from "../onnx/openOnnxSession.ts";
import type { OpenOnnxSession } from "../../ml/teachers/onnxTeacher.ts";

/** Runtimes beside tfjs's own backends. */
export interface RuntimeLoader extends BackendLoader {
  readonly openOnnx: OpenOnnxSession;
}

/** How a browser loads the backends and ONNX Runtime; each is fetched only when it is used. */
export const browserLoader: RuntimeLoader = {
  openOnnx: openOnnxSession,
  webgpu: async () => {
    await import("@tensorflow/tfjs-backend-webgpu");
  },
  wasm: async ({ oneThread }) => {
    const { openWasm } = await import("./wasmBinaries.ts");
    if (oneThread) tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false); // tfjs then takes the binary without
    const { threads } = await openWasm(() => tf.setBackend("wasm"));
    const simd = await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT");
    return { threads, simd: simd === true };
  },
};
