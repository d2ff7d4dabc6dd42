import * as ort from "onnxruntime-web/webgpu";
import programUrl from "onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs?url";
import wasmUrl from "onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url";
import type { TfjsGpu } from "../../ml/tfjs/tfjsGpu.ts";
import type { OnnxSession } from "../../ml/teachers/onnxTeacher.ts";
import * as tf from "../../ml/tfjs/tf.ts";

ort.env.wasm.wasmPaths = {
  mjs: new URL(programUrl, self.location.href).href,
  wasm: new URL(wasmUrl, self.location.href).href,
};
ort.env.wasm.numThreads = 1; // what little is not done on the GPU is not worth a thread

/**
 * A model on tfjs's own GPU device: images are read from the buffer that tfjs has them in, and the output is copied
 * from buffer to buffer. Nothing passes through the host.
 */
export async function openOnGpu(
  gpu: TfjsGpu,
  model: Uint8Array,
  names: { readonly input: string; readonly output: string },
): Promise<OnnxSession> {
  const session = await ort.InferenceSession.create(model, {
    executionProviders: [{ name: "webgpu", device: gpu.device }],
    preferredOutputLocation: { [names.output]: "gpu-buffer" },
    logSeverityLevel: 3,
  });
  return {
    place: "Runs in ONNX Runtime on the same GPU device as the rest: images and embeddings stay on the GPU.",
    async run(images) {
      const { shape: dims } = images;
      const input = ort.Tensor.fromGpuBuffer(gpu.bufferOf(images), { dataType: "float32", dims });
      gpu.flush();
      const output = (await session.run({ [names.input]: input }))[names.output];
      if (output?.type !== "float32")
        throw new Error(`the output is ${output?.type ?? "missing"}, not float32`);
      try {
        if (output.location !== "gpu-buffer")
          return tf.tensor((await output.getData()) as Float32Array, [...output.dims]);
        const copy = gpu.emptyTensor(output.dims);
        const encoder = gpu.device.createCommandEncoder();
        encoder.copyBufferToBuffer(output.gpuBuffer, 0, gpu.bufferOf(copy), 0, copy.size * 4);
        gpu.device.queue.submit([encoder.finish()]);
        return copy;
      } finally {
        output.dispose();
      }
    },
    dispose: () => void session.release(),
  };
}
