import { tfjsGpu } from "../../ml/tfjs/tfjsGpu.ts";
import type { OpenOnnxSession } from "../../ml/teachers/onnxTeacher.ts";

/**
 * Opens an ONNX model where tfjs computes: on its GPU device, or in WebAssembly. The runtime, some megabytes, is
 * fetched from this site when the first model is opened.
 */
export const openOnnxSession: OpenOnnxSession = async (model, names) => {
  const gpu = tfjsGpu();
  if (gpu === null) {
    const { openOnCpu } = await import("./onnxOnCpu.ts");
    return openOnCpu(model, names);
  }
  const { openOnGpu } = await import("./onnxOnGpu.ts");
  return openOnGpu(gpu, model, names);
};
