import { invariant } from "../../lib/invariant.ts";
import * as tf from "./tf.ts";
import { WasmHeap } from "../wasm/wasmHeap.ts";

let isInstalled = false;

/**
 * Has the WASM backend's `clone` share the numbers, as tfjs's other backends do: in tfjs 4.22 it copies them, and
 * everything that waits for its gradient is cloned, some four milliseconds of the demo's step. Idempotent, once the
 * backend is registered. Delete when tfjs shares them.
 */
export function registerSharedIdentity(backendName: "wasm"): void {
  if (isInstalled) return;
  isInstalled = true;
  const stock = tf.getKernel("Identity", backendName);
  tf.unregisterKernel("Identity", backendName);
  tf.registerKernel({
    ...stock,
    kernelFunc: ({ inputs, backend }) => {
      const { x } = inputs;
      invariant(x !== undefined, "clone was called without a tensor");
      return WasmHeap.of(backend).share(x);
    },
  });
}
