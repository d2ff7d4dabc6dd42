import { invariant } from "../../lib/invariant.ts";
import * as tf from "./tf.ts";

/** What this project uses of tfjs's WebGPU backend beyond its public interface; all of it is in 4.22's. */
interface TfjsWebGpuBackend {
  readonly device: GPUDevice;
  readonly tensorMap: { get(dataId: object): { readonly resource?: GPUBuffer } };
  uploadToGPU(dataId: object): void;
  makeTensorInfo(shape: number[], dtype: "float32"): tf.TensorInfo;
  ensureCommandEncoderReady(): void;
  endComputePassEncoder(): void;
  submitQueue(): void;
}

/** tfjs's own GPU device, so that its tensors and ours share buffers and one order of commands. */
export interface TfjsGpu {
  readonly device: GPUDevice;
  /** Hands everything tfjs has recorded to the device: what is submitted afterwards comes after it. */
  flush(): void;
  /** The buffer that holds a float32 tensor, row-major from its start. Call `flush` before using its content. */
  bufferOf(tensor: tf.Tensor): GPUBuffer;
  /** A tensor of tfjs's own for kernels to fill: `bufferOf` gives the buffer, whose content is arbitrary until then. */
  emptyTensor(shape: readonly number[]): tf.Tensor;
}

/** null unless tfjs runs on WebGPU. */
export function tfjsGpu(): TfjsGpu | null {
  if (tf.getBackend() !== "webgpu") return null;
  const backend = tf.backend() as unknown as TfjsWebGpuBackend;
  return {
    device: backend.device,
    flush: () => {
      backend.ensureCommandEncoderReady();
      backend.endComputePassEncoder();
      backend.submitQueue();
    },
    bufferOf: (tensor) => {
      backend.uploadToGPU(tensor.dataId);
      const { resource } = backend.tensorMap.get(tensor.dataId);
      invariant(resource !== undefined, "the tensor is on the GPU now");
      return resource;
    },
    emptyTensor: (shape) =>
      tf.engine().makeTensorFromTensorInfo(backend.makeTensorInfo([...shape], "float32")),
  };
}

/**
 * A tensor that looks into a buffer without copying: it changes when the buffer does, and must be gone before the
 * buffer is destroyed.
 */
export function tensorOver(buffer: GPUBuffer, shape: readonly number[]): tf.Tensor {
  return tf.tensor({ buffer, zeroCopy: true }, [...shape], "float32");
}
