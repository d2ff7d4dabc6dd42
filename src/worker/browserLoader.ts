import * as tf from "../ml/tf.ts";
import type { BackendLoader } from "./backend.ts";

/** How a browser loads the backends; each is fetched only when it is used. */
export const browserLoader: BackendLoader = {
  webgpu: async () => {
    await import("@tensorflow/tfjs-backend-webgpu");
  },
  wasm: async () => {
    const { openWasm } = await import("./wasmBinaries.ts");
    const { threads } = await openWasm(() => tf.setBackend("wasm"));
    const simd = await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT");
    return { threads, simd: simd === true };
  },
};
