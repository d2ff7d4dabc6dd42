import { invariant } from "../../../lib/invariant.ts";
import { granularityOf, type Granularity } from "../../wgsl/granularity.ts";
import { shaderOf, uniformsOf, workgroupsOf, type Kernel } from "../../wgsl/kernel.ts";
import { pipelineNow } from "../../wgsl/pipelines.ts";
import * as tf from "../tf.ts";

/** What this uses of tfjs's WebGPU backend beyond its public interface; all of it is in 4.22's. */
interface WebGpuBackend {
  readonly device: GPUDevice;
  readonly tensorMap: { get(dataId: object): { readonly resource?: GPUBuffer | null } };
  /** Tensors that recorded commands read or write: their buffers are not given to others before these are submitted. */
  readonly commandQueueOwnedIds: WeakSet<object>;
  readonly commandEncoder: GPUCommandEncoder;
  computePassEncoder: GPUComputePassEncoder | null;
  dispatchCountInPass: number;
  makeTensorInfo(shape: number[], dtype: "float32"): tf.TensorInfo;
  uploadToGPU(dataId: object): void;
  disposeData(dataId: object): boolean;
  ensureCommandEncoderReady(): void;
  endComputePassEncoder(): void;
  submitQueue(): void;
}

/** A kernel compiled for a device, with its shape in a buffer: all but its operands. */
export interface ReadyKernel {
  readonly label: string;
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
  readonly shape: GPUBuffer | null;
  readonly workgroups: readonly [number, number, number];
}

const recorders = new WeakMap<object, KernelRecorder>();

/**
 * Runs this project's kernels on tfjs's tensors, among tfjs's own commands: recorded into the compute pass it has
 * open, submitted with its next submission.
 */
export class KernelRecorder {
  private readonly prepared = new Map<string, unknown>();
  private readonly shapes = new Map<string, GPUBuffer>();

  private constructor(private readonly backend: WebGpuBackend) {}

  /** How finely work is dealt out. */
  get granularity(): Granularity {
    return granularityOf(this.backend.device);
  }

  /** @param backend tfjs's WebGPU backend. */
  static of(backend: object): KernelRecorder {
    let recorder = recorders.get(backend);
    if (recorder === undefined)
      recorders.set(backend, (recorder = new KernelRecorder(backend as WebGpuBackend)));
    return recorder;
  }

  /** What `prepare` returned when it was first called with this key: texts of kernels take longer than a launch. */
  once<T>(key: string, prepare: () => T): T {
    if (!this.prepared.has(key)) this.prepared.set(key, prepare());
    return this.prepared.get(key) as T;
  }

  /** Compiles, while the caller waits. */
  ready(kernel: Kernel): ReadyKernel {
    const pipeline = pipelineNow(this.backend.device, shaderOf(kernel), kernel.label);
    return {
      label: kernel.label,
      pipeline,
      layout: pipeline.getBindGroupLayout(0),
      shape: this.shapeBuffer(Object.values(uniformsOf(kernel))),
      workgroups: workgroupsOf(kernel),
    };
  }

  /** A tensor for kernels to fill. The caller's, as every kernel's result. */
  tensor(shape: readonly number[]): tf.TensorInfo {
    return this.backend.makeTensorInfo([...shape], "float32");
  }

  /** Gives a tensor up; its memory is free for others once all that was recorded so far is submitted. */
  release({ dataId }: tf.TensorInfo): void {
    this.backend.disposeData(dataId);
  }

  /** @param operands float32, in the order of the kernel's bindings. */
  run({ label, pipeline, layout, shape, workgroups }: ReadyKernel, operands: readonly tf.TensorInfo[]): void {
    const { backend } = this;
    for (const { dataId } of operands) backend.uploadToGPU(dataId); // may close the pass, to copy
    const entries = operands.map(({ dataId, shape }, i): GPUBindGroupEntry => {
      backend.commandQueueOwnedIds.add(dataId);
      const { resource } = backend.tensorMap.get(dataId);
      invariant(resource !== undefined && resource !== null, `an operand of ${label} is on the GPU`);
      return { binding: i + 1, resource: { buffer: resource, size: tf.util.sizeFromShape(shape) * 4 } };
    });
    if (shape !== null) entries.push({ binding: 0, resource: { buffer: shape } });
    backend.ensureCommandEncoderReady();
    const pass = (backend.computePassEncoder ??= backend.commandEncoder.beginComputePass());
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, backend.device.createBindGroup({ layout, entries }));
    pass.dispatchWorkgroups(...workgroups);
    backend.dispatchCountInPass++;
    if (backend.dispatchCountInPass >= tf.env().getNumber("WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE")) {
      backend.endComputePassEncoder();
      backend.submitQueue();
    }
  }

  /** Equal shapes share a buffer. */
  private shapeBuffer(values: readonly number[]): GPUBuffer | null {
    if (values.length === 0) return null;
    const key = values.join();
    let buffer = this.shapes.get(key);
    if (buffer === undefined) {
      const { device } = this.backend;
      buffer = device.createBuffer({
        size: Math.ceil(values.length / 4) * 16,
        usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
        label: "shape",
      });
      device.queue.writeBuffer(buffer, 0, Int32Array.from(values));
      this.shapes.set(key, buffer);
    }
    return buffer;
  }
}
