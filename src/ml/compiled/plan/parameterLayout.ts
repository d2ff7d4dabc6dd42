import { invariant } from "../../../lib/invariant.ts";
import { isBuffer } from "../../models/parameterCount.ts";
import type { Weights } from "../../models/weights.ts";
import { stateDictSpec, type Network, type TensorSpec } from "../../models/network.ts";
import * as tf from "../../tfjs/tf.ts";
import { padToFour } from "../../wgsl/kernel.ts";
import type { PlanSlice, PlanTensor } from "./plan.ts";
import { tensorOver, type TfjsGpu } from "../../tfjs/tfjsGpu.ts";

/** Where one tensor of a network lies in a flat buffer. */
interface Placement {
  readonly spec: TensorSpec;
  /** In elements; a multiple of 64, as bindings start at 256 bytes. */
  readonly offset: number;
  /** As [outer, rows, columns], in tfjs's layout. */
  readonly shape: readonly [number, number, number];
  /** The same with channels filled up to multiples of four. */
  readonly padded: readonly [number, number, number];
}

/** A weight of at least two dimensions as the matrix it is in a flat buffer: [k²·in, out], a depthwise filter's [k², C]. */
export interface FlatMatrix {
  readonly offset: number;
  /** With channels filled up. */
  readonly rows: number;
  readonly columns: number;
  /** Without. */
  readonly shape: readonly [number, number];
}

/**
 * All parameters of a network, or all its running statistics, in one row: what the optimiser and the moving average
 * pass over at once. Zeros fill up channels to multiples of four; they stay zeros, as their gradients are.
 */
export class FlatLayout {
  readonly size: number;
  private readonly placements = new Map<string, Placement>();

  constructor(specs: readonly TensorSpec[]) {
    let offset = 0;
    for (const spec of specs) {
      const { shape, padded } = matrices(spec);
      this.placements.set(spec.name, { spec, offset, shape, padded });
      offset = Math.ceil((offset + padded[0] * padded[1] * padded[2]) / 64) * 64;
    }
    this.size = offset;
  }

  static ofParameters(network: Network): FlatLayout {
    return new FlatLayout(
      stateDictSpec(network).filter((spec) => !isBuffer(spec) && spec.role !== "batchesTracked"),
    );
  }

  static ofBuffers(network: Network): FlatLayout {
    return new FlatLayout(stateDictSpec(network).filter(isBuffer));
  }

  has(name: string): boolean {
    return this.placements.has(name);
  }

  offsetOf(name: string): number {
    return this.placement(name).offset;
  }

  slice(tensor: PlanTensor, name: string): PlanSlice {
    const { offset, padded } = this.placement(name);
    return { tensor, offset, size: padded[0] * padded[1] * padded[2] };
  }

  /** From the first of two neighbours to the end of the second. */
  span(tensor: PlanTensor, first: string, second: string): PlanSlice {
    const from = this.placement(first).offset;
    const { offset, size } = this.slice(tensor, second);
    invariant(offset > from, `${first} comes before ${second}`);
    return { tensor, offset: from, size: offset + size - from };
  }

  matrices(): readonly FlatMatrix[] {
    return [...this.placements.values()]
      .filter(({ spec }) => isMatrix(spec))
      .map(({ offset, shape, padded }) => ({
        offset,
        rows: padded[0] * padded[1],
        columns: padded[2],
        shape: [shape[0] * shape[1], shape[2]],
      }));
  }

  /** Names of those with at least two dimensions. */
  get matrixNames(): ReadonlySet<string> {
    const specs = [...this.placements.values()].map(({ spec }) => spec);
    return new Set(specs.filter(isMatrix).map(({ name }) => name));
  }

  /** Copies tensors into the flat buffer, in order with tfjs's own work. */
  upload(gpu: TfjsGpu, values: ReadonlyMap<string, tf.Tensor>, target: GPUBuffer): void {
    this.uploadSome(gpu, this.ofMine(values), target);
  }

  /** The same of some of the tensors. @param offsetOf where each lies, if not where parameters do. */
  uploadSome(
    gpu: TfjsGpu,
    values: ReadonlyMap<string, tf.Tensor>,
    target: GPUBuffer,
    offsetOf = (name: string): number => this.offsetOf(name),
  ): void {
    const padded = [...values].map(([name, value]) => ({
      offset: offsetOf(name),
      tensor: tf.tidy(() => pad(value, this.placement(name))),
    }));
    const buffers = padded.map(({ tensor }) => gpu.bufferOf(tensor));
    gpu.flush();
    const encoder = gpu.device.createCommandEncoder();
    padded.forEach(({ offset, tensor }, i) => {
      encoder.copyBufferToBuffer(buffers[i] as GPUBuffer, 0, target, offset * 4, tensor.size * 4);
    });
    gpu.device.queue.submit([encoder.finish()]);
    tf.dispose(padded.map(({ tensor }) => tensor));
  }

  /** The inverse: assigns the flat buffer's content to variables. */
  download(source: GPUBuffer, targets: ReadonlyMap<string, tf.Variable>): void {
    this.downloadSome(source, this.size, this.ofMine(targets));
  }

  /** The same of some of the tensors, from a buffer of `size` numbers. */
  downloadSome(
    source: GPUBuffer,
    size: number,
    targets: ReadonlyMap<string, tf.Variable>,
    offsetOf = (name: string): number => this.offsetOf(name),
  ): void {
    if (targets.size === 0) return;
    tf.tidy(() => {
      const flat = tensorOver(source, [size]);
      for (const [name, target] of targets) {
        const placement = this.placement(name);
        const [outer, rows, columns] = placement.padded;
        const value = tf.reshape(tf.slice(flat, offsetOf(name), outer * rows * columns), [
          outer,
          rows,
          columns,
        ]);
        target.assign(tf.reshape(tf.slice(value, [0, 0, 0], [...placement.shape]), target.shape));
      }
    });
  }

  /** Of tensors by name those that have a place here; every place has one. */
  private ofMine<T extends tf.Tensor>(tensors: ReadonlyMap<string, T>): ReadonlyMap<string, T> {
    return new Map(
      [...this.placements.keys()].map((name) => {
        const tensor = tensors.get(name);
        invariant(tensor !== undefined, `weights lack ${name}`);
        return [name, tensor];
      }),
    );
  }

  private placement(name: string): Placement {
    const placement = this.placements.get(name);
    invariant(placement !== undefined, `the layout has no ${name}`);
    return placement;
  }
}

/** Both halves of a network's weights, by name. */
export function allTensors(weights: Weights): ReadonlyMap<string, tf.Variable> {
  return new Map([...weights.parameters, ...weights.buffers]);
}

function pad(value: tf.Tensor, { shape, padded }: Placement): tf.Tensor {
  const matrix = tf.reshape(value, [...shape]);
  if (shape.join() === padded.join()) return tf.clone(matrix);
  return tf.pad(
    matrix,
    shape.map((size, axis) => [0, (padded[axis] as number) - size] as [number, number]),
  );
}

function isMatrix({ role }: TensorSpec): boolean {
  return role.endsWith("Weight") && role !== "normWeight";
}

function matrices({ role, shape }: TensorSpec): Pick<Placement, "shape" | "padded"> {
  const [first = 1, second = 1, height = 1, width = 1] = shape;
  switch (role) {
    case "convWeight": {
      const size = [height * width, second, first] as const;
      return { shape: size, padded: [size[0], padToFour(second), padToFour(first)] };
    }
    case "depthwiseWeight": {
      const size = [height * width, 1, first] as const;
      return { shape: size, padded: [size[0], 1, padToFour(first)] };
    }
    case "linearWeight": {
      const size = [1, second, first] as const;
      return { shape: size, padded: [1, padToFour(second), padToFour(first)] };
    }
    default:
      return { shape: [1, 1, first], padded: [1, 1, padToFour(first)] };
  }
}
