/** What `npm run verify` drives in a browser: opens a backend and compares fixtures on it. */
import type { BackendName } from "../../src/contract/backend.ts";
import { readFixtureArrays, type Fixture, type Json, type JsonObject } from "../../verify/fixture.ts";
import type { CheckRow } from "../../verify/checkRow.ts";
import { runFixture } from "../../verify/runFixture.ts";
import * as tf from "../../src/ml/tfjs/tf.ts";
import { openBackend } from "../../src/worker/engine/backend.ts";

export interface VerifyPage {
  /** @returns what computes: "4 threads, SIMD". @throws when the backend does not start. */
  open(backend: BackendName): Promise<string>;
  /** @param address of a manifest on this server. */
  run(address: string, name: string): Promise<CheckRow[]>;
}

declare global {
  interface Window {
    verifyPage?: VerifyPage;
  }
}

window.verifyPage = {
  open: async (backend) => {
    const { report } = await openBackend(backend, {
      webgpu: async () => {
        await import("@tensorflow/tfjs-backend-webgpu");
      },
      wasm: async () => {
        const { openWasm } = await import("../../src/worker/engine/wasmBinaries.ts");
        const { threads } = await openWasm(() => tf.setBackend("wasm"));
        return { threads, simd: (await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT")) === true };
      },
    });
    // Small tensors too must go through the backend's own kernels.
    if (backend === "webgpu") tf.env().set("WEBGPU_CPU_FORWARD", false);
    if (backend === "webgl") tf.env().set("WEBGL_CPU_FORWARD", false);
    return report.adapter;
  },
  run: async (address, name) => runFixture(await fetchFixture(address, name)),
};

async function fetchFixture(address: string, name: string): Promise<Fixture> {
  const readFile = async (path: string): Promise<Uint8Array<ArrayBuffer>> => {
    const response = await fetch(new URL(path, new URL(address, location.href)));
    if (!response.ok) throw new Error(`${path}: HTTP ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  };
  const manifest = (await (await fetch(address)).json()) as Json;
  const arraysFile = (manifest as JsonObject)["arrays_file"];
  const arrays = typeof arraysFile === "string" ? readFixtureArrays(await readFile(arraysFile)) : new Map();
  return { name, manifest, arrays, readFile };
}
