import { getThreadsCount, setThreadsCount, setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import plainUrl from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url";
import simdUrl from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url";
import threadedSimdUrl from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url";
import { usefulThreads } from "../usefulThreads.ts";

/**
 * Starts tfjs's WASM backend, wherever the playground is hosted: tfjs is told where its binaries are (it takes
 * the fastest of the three that this browser runs) and how many threads to use.
 *
 * Workaround: tfjs never uses more than half of `navigator.hardwareConcurrency`, so one thread on two cores
 * (`num_cores` in its cc/backend.cc; seen with 4.22.0). While it starts it is shown twice the number we want.
 * To be deleted when `setThreadsCount` is obeyed.
 *
 * @param open does the starting: `() => tf.setBackend("wasm")`.
 * @returns what `open` returned, and the threads in use: 1 where the page is not isolated.
 */
export async function openWasm(
  open: () => Promise<boolean>,
): Promise<{ readonly opened: boolean; readonly threads: number }> {
  setWasmPaths({
    "tfjs-backend-wasm.wasm": plainUrl,
    "tfjs-backend-wasm-simd.wasm": simdUrl,
    "tfjs-backend-wasm-threaded-simd.wasm": threadedSimdUrl,
  });
  const threads = usefulThreads(navigator.hardwareConcurrency);
  setThreadsCount(threads);
  Object.defineProperty(navigator, "hardwareConcurrency", { value: 2 * threads, configurable: true });
  try {
    const opened = await open();
    return { opened, threads: opened ? getThreadsCount() : 0 };
  } finally {
    Reflect.deleteProperty(navigator, "hardwareConcurrency"); // the prototype's own is back
  }
}
