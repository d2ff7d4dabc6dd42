import type { BackendChoice } from "../../contract/backend.ts";

export const backendLabels: Readonly<Record<BackendChoice, string>> = {
  auto: "fastest found",
  webgpu: "WebGPU",
  wasm: "WebAssembly",
  webgl: "WebGL",
  cpu: "plain JavaScript",
};
