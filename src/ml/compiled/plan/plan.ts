import { AppError } from "../../../contract/errors.ts";
import { invariant } from "../../../lib/invariant.ts";
import { shaderOf, uniformsOf, workgroupsOf, type Kernel } from "../../wgsl/kernel.ts";
import { pipelineFor } from "../../wgsl/pipelines.ts";

/** A place for numbers that kernels of one plan read and write. Its buffer exists once the plan is built. */
export interface PlanTensor {
  readonly label: string;
  /** In 4-byte elements. */
  readonly size: number;
  /** Keeps its content from run to run, and starts with zeros; others live from first to last use in one run. */
  readonly persistent: boolean;
}

/** Part of a tensor; `offset` (in elements) is a multiple of 64, as bindings must start at 256 bytes. */
export interface PlanSlice {
  readonly tensor: PlanTensor;
  readonly offset: number;
  readonly size: number;
}

interface Launch {
  readonly kernel: Kernel;
  readonly operands: readonly PlanSlice[];
}

export interface PlanReport {
  readonly launches: number;
  readonly pipelines: number;
  readonly buffers: number;
  readonly bytes: number;
  /** What the transient tensors would take without sharing buffers. */
  readonly unsharedBytes: number;
}

/**
 * A fixed sequence of kernels, written down once, then run many times: shapes known, buffers shared between tensors
 * that are never alive together, pipelines and bind groups made before the first run.
 *
 * Every launch may depend on all earlier ones.
 */
export class Plan {
  private readonly launches: Launch[] = [];
  private readonly tensors: PlanTensor[] = [];
  private readonly kept = new Set<PlanTensor>();

  transient(label: string, size: number): PlanTensor {
    return this.add({ label, size, persistent: false });
  }

  persistent(label: string, size: number): PlanTensor {
    return this.add({ label, size, persistent: true });
  }

  /** Leaves a transient tensor's content readable when the plan has run, until it runs again. */
  keep(tensor: PlanTensor): void {
    this.kept.add(tensor);
  }

  /** How many launches there are so far: where a part of the plan ends that is run by itself. */
  get launchCount(): number {
    return this.launches.length;
  }

  /** @param operands in the order of the kernel's bindings. */
  launch(kernel: Kernel, operands: readonly (PlanTensor | PlanSlice)[]): void {
    invariant(
      operands.length === kernel.bindings.length,
      `${kernel.label} has ${kernel.bindings.length} bindings, not ${operands.length}`,
    );
    this.launches.push({ kernel, operands: operands.map(asSlice) });
  }

  /**
   * Compiles the pipelines, side by side, and places the tensors.
   *
   * @param onProgress after each pipeline.
   * @throws AppError "out-of-memory" when the device refuses: a tensor larger than it can bind, no memory.
   */
  async build(
    device: GPUDevice,
    onProgress: (done: number, total: number) => void = () => undefined,
  ): Promise<BuiltPlan> {
    const { maxStorageBufferBindingSize, maxStorageBuffersPerShaderStage } = device.limits;
    for (const { label, size } of this.tensors) {
      if (size * 4 > maxStorageBufferBindingSize) throw refused(`${label} takes ${size * 4} bytes at once`);
    }
    for (const { kernel } of this.launches) {
      if (kernel.bindings.length > maxStorageBuffersPerShaderStage)
        throw refused(`${kernel.label} binds ${kernel.bindings.length} buffers`);
    }
    device.pushErrorScope("validation");
    device.pushErrorScope("out-of-memory");
    const pipelines = await compile(device, this.launches, onProgress);
    const memory = allocate(device, this.tensors, this.launches, this.kept);
    const uniforms = new UniformBlocks(device, this.launches);
    const steps = this.launches.map(({ kernel, operands }, i) => {
      const pipeline = pipelines.get(shaderOf(kernel));
      invariant(pipeline !== undefined, `${kernel.label} was compiled`);
      const entries: GPUBindGroupEntry[] = operands.map((operand, index) => ({
        binding: index + 1,
        resource: {
          buffer: memory.bufferOf(operand.tensor),
          offset: operand.offset * 4,
          size: operand.size * 4,
        },
      }));
      const block = uniforms.block(i);
      if (block !== null) entries.unshift({ binding: 0, resource: block });
      const bindGroup = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
      return { pipeline, bindGroup, workgroups: workgroupsOf(kernel), label: kernel.label };
    });
    const memoryError = await device.popErrorScope();
    const validationError = await device.popErrorScope();
    const error = memoryError ?? validationError;
    if (error !== null) {
      memory.destroy();
      uniforms.destroy();
      throw refused(error.message);
    }
    return new BuiltPlan(device, steps, memory, uniforms, {
      launches: steps.length,
      pipelines: pipelines.size,
      ...memory.report,
    });
  }

  private add(tensor: PlanTensor): PlanTensor {
    invariant(tensor.size > 0, `${tensor.label} is empty`);
    this.tensors.push(tensor);
    return tensor;
  }
}

interface Step {
  readonly label: string;
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  readonly workgroups: readonly [number, number, number];
}

/** A plan ready to run on its device. Owns its buffers. */
export class BuiltPlan {
  constructor(
    readonly device: GPUDevice,
    readonly steps: readonly Step[],
    private readonly memory: Memory,
    private readonly uniforms: UniformBlocks,
    readonly report: PlanReport,
  ) {}

  bufferOf(tensor: PlanTensor): GPUBuffer {
    return this.memory.bufferOf(tensor);
  }

  /**
   * Writes the plan into a compute pass: as a whole, or a part of it, from a launch up to another.
   * Parts are run in their order: what one leaves in transient tensors is there for the next.
   */
  encode(pass: GPUComputePassEncoder, from = 0, to = this.steps.length): void {
    let current: GPUComputePipeline | null = null;
    for (const { pipeline, bindGroup, workgroups } of this.steps.slice(from, to)) {
      if (pipeline !== current) pass.setPipeline((current = pipeline));
      pass.setBindGroup(0, bindGroup);
      pass.dispatchWorkgroups(...workgroups);
    }
  }

  dispose(): void {
    this.memory.destroy();
    this.uniforms.destroy();
  }
}

export function asSlice(operand: PlanTensor | PlanSlice): PlanSlice {
  return "tensor" in operand ? operand : { tensor: operand, offset: 0, size: operand.size };
}

async function compile(
  device: GPUDevice,
  launches: readonly Launch[],
  onProgress: (done: number, total: number) => void,
): Promise<ReadonlyMap<string, GPUComputePipeline>> {
  const labels = new Map(launches.map(({ kernel }) => [shaderOf(kernel), kernel.label]));
  const pipelines = new Map<string, GPUComputePipeline>();
  await Promise.all(
    [...labels].map(async ([code, label]) => {
      pipelines.set(code, await pipelineFor(device, code, label));
      onProgress(pipelines.size, labels.size);
    }),
  );
  return pipelines;
}

interface Memory {
  readonly report: Pick<PlanReport, "buffers" | "bytes" | "unsharedBytes">;
  bufferOf(tensor: PlanTensor): GPUBuffer;
  destroy(): void;
}

interface SharedBuffer {
  readonly size: number;
  readonly spans: { readonly first: number; readonly last: number }[];
  readonly tensors: PlanTensor[];
}

/** Transient tensors, the largest first, each into the first buffer that is free from its first to its last use. */
export function shareBuffers(
  tensors: readonly PlanTensor[],
  launches: readonly { readonly operands: readonly PlanSlice[] }[],
  kept: ReadonlySet<PlanTensor> = new Set(),
): readonly SharedBuffer[] {
  const spans = new Map<PlanTensor, { first: number; last: number }>();
  launches.forEach(({ operands }, i) => {
    for (const { tensor } of operands) {
      const span = spans.get(tensor);
      if (span === undefined) spans.set(tensor, { first: i, last: i });
      else span.last = i;
    }
  });
  for (const tensor of kept) {
    const span = spans.get(tensor);
    if (span !== undefined) span.last = Infinity;
  }
  const shared: SharedBuffer[] = [];
  const bySize = tensors.filter((tensor) => !tensor.persistent).sort((a, b) => b.size - a.size);
  for (const tensor of bySize) {
    const span = spans.get(tensor);
    if (span === undefined) continue; // never used
    let place = shared.find(({ spans }) =>
      spans.every(({ first, last }) => span.last < first || last < span.first),
    );
    if (place === undefined) shared.push((place = { size: tensor.size, spans: [], tensors: [] }));
    place.spans.push(span);
    place.tensors.push(tensor);
  }
  return shared;
}

function allocate(
  device: GPUDevice,
  tensors: readonly PlanTensor[],
  launches: readonly Launch[],
  kept: ReadonlySet<PlanTensor>,
): Memory {
  const buffers = new Map<PlanTensor, GPUBuffer>();
  const owned: GPUBuffer[] = [];
  const create = (size: number, label: string): GPUBuffer => {
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const buffer = device.createBuffer({ size: Math.max(16, size * 4), usage, label });
    owned.push(buffer);
    return buffer;
  };
  for (const { size, tensors: sharing } of shareBuffers(tensors, launches, kept)) {
    const buffer = create(
      size,
      sharing
        .map(({ label }) => label)
        .join(", ")
        .slice(0, 200),
    );
    for (const tensor of sharing) buffers.set(tensor, buffer);
  }
  for (const tensor of tensors) {
    if (tensor.persistent) buffers.set(tensor, create(tensor.size, tensor.label));
  }
  return {
    report: {
      buffers: owned.length,
      bytes: owned.reduce((sum, { size }) => sum + size, 0),
      unsharedBytes: tensors.reduce((sum, { size }) => sum + size * 4, 0),
    },
    bufferOf: (tensor) => {
      const buffer = buffers.get(tensor);
      invariant(buffer !== undefined, `${tensor.label} has no place in this plan`);
      return buffer;
    },
    destroy: () => {
      for (const buffer of owned) buffer.destroy();
    },
  };
}

/** The shapes of all launches in one uniform buffer; equal shapes share a block. */
class UniformBlocks {
  private readonly buffer: GPUBuffer | null;
  private readonly blocks: ({ readonly offset: number; readonly size: number } | null)[];

  constructor(device: GPUDevice, launches: readonly Launch[]) {
    const offsets = new Map<string, number>();
    const data: number[] = [];
    this.blocks = launches.map(({ kernel }) => {
      const values = Object.values(uniformsOf(kernel));
      invariant(values.every(Number.isInteger), `${kernel.label}: a shape is whole numbers`);
      if (values.length === 0) return null;
      const key = values.join();
      let offset = offsets.get(key);
      if (offset === undefined) {
        offset = Math.ceil(data.length / 64) * 64;
        while (data.length < offset) data.push(0);
        data.push(...values);
        while (data.length % 4 !== 0) data.push(0);
        offsets.set(key, offset);
      }
      return { offset: offset * 4, size: Math.ceil(values.length / 4) * 16 };
    });
    this.buffer = null;
    if (data.length > 0) {
      this.buffer = device.createBuffer({
        size: data.length * 4,
        usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
        label: "shapes",
      });
      device.queue.writeBuffer(this.buffer, 0, Int32Array.from(data));
    }
  }

  block(launch: number): GPUBufferBinding | null {
    const block = this.blocks[launch] ?? null;
    return block === null || this.buffer === null ? null : { buffer: this.buffer, ...block };
  }

  destroy(): void {
    this.buffer?.destroy();
  }
}

function refused(why: string): AppError {
  return new AppError("out-of-memory", `The GPU cannot run this plan: ${why}.`, {
    hint: "Use a smaller batch, image size or student, or another backend.",
  });
}
