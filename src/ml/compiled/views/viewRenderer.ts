import { AppError } from "../../../contract/errors.ts";
import { invariant } from "../../../lib/invariant.ts";
import { viewColumns, type ViewParameters } from "../../augment/viewParameters.ts";
import type * as tf from "../../tfjs/tf.ts";
import { shaderOf, uniformsOf } from "../../wgsl/kernel.ts";
import { renderViewsKernel, widestBlurRadius, type PixelFormat, type ViewShape } from "../../wgsl/views.ts";
import { pipelineFor } from "../../wgsl/pipelines.ts";
import type { TfjsGpu } from "../../tfjs/tfjsGpu.ts";

/** Images in one buffer, and where in it those are of which views are wanted. */
export interface LocatedImages {
  readonly buffer: GPUBuffer;
  /** [N] */
  readonly positions: Uint32Array;
}

/**
 * Renders views on the GPU, one launch for each view of a batch: nothing but the parameters goes up, nothing comes
 * back. What it holds grows to the largest batch it was given, and not after that.
 */
export class ViewRenderer {
  private readonly shape: GPUBuffer;
  /** Positions and parameters of one call. */
  private request: GPUBuffer | null = null;
  /** Views half blurred. */
  private scratch: GPUBuffer | null = null;

  private constructor(
    private readonly gpu: TfjsGpu,
    private readonly viewSize: number,
    private readonly pipeline: GPUComputePipeline,
    shape: Int32Array<ArrayBuffer>,
  ) {
    this.shape = createBuffer(gpu.device, shape.byteLength, GPUBufferUsage.UNIFORM, "view shape");
    gpu.device.queue.writeBuffer(this.shape, 0, shape);
  }

  static async create(gpu: TfjsGpu, shape: ViewShape, format: PixelFormat): Promise<ViewRenderer> {
    const kernel = renderViewsKernel(shape, format, viewColumns);
    const pipeline = await pipelineFor(gpu.device, shaderOf(kernel), kernel.label);
    const fields = Object.values(uniformsOf(kernel));
    const uniform = new Int32Array(Math.ceil(fields.length / 4) * 4);
    uniform.set(fields);
    return new ViewRenderer(gpu, shape.viewSide, pipeline, uniform);
  }

  /**
   * @param sets each of as many rows as there are positions.
   * @returns for each set [N, V, V, 3] RGB in [0, 1], the caller's.
   * @throws AppError "out-of-memory" when the device cannot take so many views at once.
   */
  render({ buffer, positions }: LocatedImages, sets: readonly ViewParameters[]): tf.Tensor4D[] {
    const { gpu, viewSize, pipeline } = this;
    const { device } = gpu;
    const count = positions.length;
    const viewBytes = count * viewSize * viewSize * 3 * 4;
    refuseTooMany(device.limits, count, viewBytes);
    const stride = alignBinding(count * viewColumns.length * 4);
    const first = alignBinding(positions.byteLength);
    const request = new Uint8Array(first + sets.length * stride);
    request.set(bytesOf(positions));
    sets.forEach((set, i) => {
      invariant(set.count === count, `${set.count} rows of parameters for ${count} images`);
      checkBlurs(set);
      request.set(bytesOf(set.values), first + i * stride);
    });
    this.request = atLeast(device, this.request, request.length, "view parameters");
    this.scratch = atLeast(device, this.scratch, viewBytes, "views half blurred");
    device.queue.writeBuffer(this.request, 0, request);

    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    const views = sets.map((set, i) => {
      const view = gpu.emptyTensor([count, viewSize, viewSize, 3]) as tf.Tensor4D;
      const resources: GPUBufferBinding[] = [
        { buffer: this.shape },
        { buffer },
        { buffer: this.request as GPUBuffer, size: positions.byteLength },
        { buffer: this.request as GPUBuffer, offset: first + i * stride, size: set.values.byteLength },
        { buffer: gpu.bufferOf(view) },
        { buffer: this.scratch as GPUBuffer },
      ];
      const entries = resources.map((resource, binding) => ({ binding, resource }));
      pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
      pass.dispatchWorkgroups(1, count, 1);
      return view;
    });
    pass.end();
    device.queue.submit([encoder.finish()]);
    return views;
  }

  dispose(): void {
    for (const buffer of [this.shape, this.request, this.scratch]) buffer?.destroy();
  }
}

function refuseTooMany(limits: GPUSupportedLimits, count: number, bytes: number): void {
  const most = Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize);
  if (bytes <= most && count <= limits.maxComputeWorkgroupsPerDimension) return;
  throw new AppError("out-of-memory", `The GPU cannot hold ${count} views (${bytes} bytes) at once`, {
    hint: "Use a smaller batch or view size, or another backend.",
  });
}

function checkBlurs({ count, values }: ViewParameters): void {
  const column = viewColumns.indexOf("blurRadius");
  for (let i = 0; i < count; i++) {
    const radius = values[i * viewColumns.length + column] as number;
    invariant(radius <= widestBlurRadius, `a blur over ${radius} pixels is too wide`);
  }
}

/** The given buffer, or a larger one in its place. */
function atLeast(device: GPUDevice, buffer: GPUBuffer | null, size: number, label: string): GPUBuffer {
  if (buffer !== null && buffer.size >= size) return buffer;
  buffer?.destroy();
  return createBuffer(device, size, GPUBufferUsage.STORAGE, label);
}

function createBuffer(device: GPUDevice, size: number, use: GPUBufferUsageFlags, label: string): GPUBuffer {
  return device.createBuffer({ size, usage: use | GPUBufferUsage.COPY_DST, label });
}

/** Bindings begin at multiples of 256 bytes. */
function alignBinding(bytes: number): number {
  return Math.ceil(bytes / 256) * 256;
}

function bytesOf(values: ArrayBufferView): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
