import type { BackendName } from "../../contract/backend.ts";
import { registerConvolutionGradients } from "./convolutionGradients.ts";
import { registerMaxPoolGradient } from "./maxPoolGradient.ts";
import { refuseEmptyResults } from "./refuseEmptyResults.ts";
import { registerSharedIdentity } from "./sharedIdentity.ts";
import { registerMatMul } from "./wasmMatMul.ts";
import { registerConvolutionKernels } from "./webgpu/convolutionKernels.ts";
import { registerLossKernels } from "./webgpu/lossKernels.ts";
import { registerProducts } from "./webgpu/products.ts";

/** Gives a tfjs backend, once it is ready, the kernels it lacks, has only slow versions of, or has wrong. Idempotent. */
export function improveBackend(backendName: BackendName): void {
  if (backendName !== "cpu") registerMaxPoolGradient(backendName);
  if (backendName === "webgpu") {
    registerConvolutionKernels();
    registerLossKernels();
    registerProducts();
  }
  if (backendName === "wasm") {
    registerConvolutionGradients(backendName);
    registerMatMul(backendName);
    registerSharedIdentity(backendName);
  }
  refuseEmptyResults(backendName); // around whichever kernels there are now
}
