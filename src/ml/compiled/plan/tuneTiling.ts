import { invariant } from "../../../lib/invariant.ts";
import { createPrng } from "../../../lib/prng.ts";
import { hardwareGranularity, type Granularity } from "../../wgsl/granularity.ts";
import type { Kernel } from "../../wgsl/kernel.ts";
import * as registers from "../../wgsl/convolution.ts";
import type { ConvolutionShape } from "../../wgsl/convolutionShape.ts";
import { hardwareTiling, type ProductTiling, type RatedTile } from "../../wgsl/productTiles.ts";
import { tiledConvolution } from "../../wgsl/tiledConvolution.ts";
import { lanesOf, tileBytes, type ProductTile } from "../../wgsl/tiledProduct.ts";
import { Plan, type BuiltPlan, type PlanTensor } from "./plan.ts";

/** Numbers of one result that are compared with another kernel's. */
const compared = 4096;
const tolerance = 1e-4;
/** A device is timed over at least this long, so that a coarse clock does. */
const blockMs = 8;
const repetitions = 3;

export interface TuningSize {
  readonly samples: number;
  readonly side: number;
  readonly channels: number;
}

/** 4.8 GFLOP, enough workgroups for any device: some ten milliseconds on a small one. */
const standardSize: TuningSize = { samples: 64, side: 32, channels: 64 };

/**
 * Measures on a device how fast its workgroups get through tiles of different sizes, on one convolution. A tile whose
 * results are wrong is left out.
 *
 * @returns null where convolving in registers is faster than any tile.
 */
export async function measureTiling(
  device: GPUDevice,
  tiles: readonly ProductTile[] = hardwareTiling.tiles,
  { samples, side, channels }: TuningSize = standardSize,
): Promise<ProductTiling | null> {
  const shape: ConvolutionShape = {
    samples,
    height: side,
    width: side,
    inChannels: channels / 2,
    outChannels: channels,
    kernel: 3,
    stride: 1,
    padding: 1,
  };
  const inRegisters: Granularity = { ...hardwareGranularity, tiling: null };
  const { limits } = device;
  const possible = tiles.filter(
    (tile) =>
      tileBytes(tile) <= limits.maxComputeWorkgroupStorageSize &&
      lanesOf(tile) <= limits.maxComputeInvocationsPerWorkgroup,
  );
  const bench = await Bench.create(device, shape, [
    registers.convolution(shape, {}, inRegisters),
    ...possible.map((tile) => tiledConvolution(shape, {}, tile)),
  ]);
  try {
    const results = await bench.results();
    const times = await bench.times();
    const measured = results.map((result, i): Measured => ({ result, ms: times[i] ?? Infinity }));
    const [registers, ...tiled] = measured;
    invariant(registers !== undefined, "convolving in registers was measured too");
    const rated = rateTiles(possible, registers, tiled);
    return rated === null ? null : { workgroups: hardwareTiling.workgroups, tiles: rated };
  } finally {
    bench.dispose();
  }
}

interface Measured {
  /** The first numbers of the result. */
  readonly result: Float32Array;
  readonly ms: number;
}

/**
 * The tiles with their speeds, the fastest one's being 1; without those whose result is not that of the kernel without
 * workgroup memory. Null where that kernel is the fastest.
 */
export function rateTiles(
  tiles: readonly ProductTile[],
  reference: Measured,
  measured: readonly Measured[],
): readonly RatedTile[] | null {
  const right = tiles.flatMap((tile, i) => {
    const found = measured[i];
    return found !== undefined && agree(found.result, reference.result) ? [{ tile, ms: found.ms }] : [];
  });
  const leastMs = Math.min(...right.map(({ ms }) => ms));
  if (leastMs >= reference.ms) return null;
  return right.map(({ tile, ms }) => ({ ...tile, speed: Number((leastMs / ms).toPrecision(3)) }));
}

function agree(found: Float32Array, expected: Float32Array): boolean {
  let difference = 0;
  let size = 0;
  for (let i = 0; i < expected.length; i++) {
    difference += ((found[i] as number) - (expected[i] as number)) ** 2;
    size += (expected[i] as number) ** 2;
  }
  return difference <= tolerance ** 2 * size; // false for NaN
}

/** Kernels for the same operands, one plan each. */
class Bench {
  private constructor(
    private readonly device: GPUDevice,
    private readonly plans: readonly { readonly built: BuiltPlan; readonly y: PlanTensor }[],
  ) {}

  static async create(
    device: GPUDevice,
    shape: ConvolutionShape,
    kernels: readonly Kernel[],
  ): Promise<Bench> {
    const pixels = shape.samples * shape.height * shape.width;
    const prng = createPrng(1, "tuning");
    const x = new Float32Array(pixels * shape.inChannels).map(() => prng.between(-1, 1));
    const w = new Float32Array(shape.kernel ** 2 * shape.inChannels * shape.outChannels).map(() =>
      prng.between(-1, 1),
    );
    const plans = await Promise.all(
      kernels.map(async (kernel) => {
        const plan = new Plan();
        const tensors = { x: plan.persistent("x", x.length), w: plan.persistent("w", w.length) };
        const y = plan.persistent("y", pixels * shape.outChannels);
        plan.launch(kernel, [tensors.x, tensors.w, y]);
        const built = await plan.build(device);
        device.queue.writeBuffer(built.bufferOf(tensors.x), 0, x);
        device.queue.writeBuffer(built.bufferOf(tensors.w), 0, w);
        return { built, y };
      }),
    );
    return new Bench(device, plans);
  }

  /** The first numbers of each kernel's result. A sync point. */
  async results(): Promise<readonly Float32Array[]> {
    const { device, plans } = this;
    const results: Float32Array[] = [];
    for (const { built, y } of plans) {
      const count = Math.min(compared, y.size);
      const usage = GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ;
      const readable = device.createBuffer({ size: count * 4, usage });
      const encoder = device.createCommandEncoder();
      this.encode(encoder, built, 1);
      encoder.copyBufferToBuffer(built.bufferOf(y), 0, readable, 0, count * 4);
      device.queue.submit([encoder.finish()]);
      await readable.mapAsync(GPUMapMode.READ);
      results.push(new Float32Array(readable.getMappedRange().slice(0)));
      readable.destroy();
    }
    return results;
  }

  /** ms of one run of each, the least of some, in turns. Sync points. */
  async times(): Promise<readonly number[]> {
    const run = async (built: BuiltPlan, times: number): Promise<number> => {
      const start = performance.now();
      const encoder = this.device.createCommandEncoder();
      this.encode(encoder, built, times);
      this.device.queue.submit([encoder.finish()]);
      await this.device.queue.onSubmittedWorkDone();
      return (performance.now() - start) / times;
    };
    const best: number[] = [];
    const runs: number[] = [];
    for (const { built } of this.plans) {
      const once = await run(built, 1);
      runs.push(Math.max(1, Math.ceil(blockMs / once)));
      best.push(Infinity);
    }
    for (let repetition = 0; repetition < repetitions; repetition++)
      for (const [i, { built }] of this.plans.entries())
        best[i] = Math.min(best[i] as number, await run(built, runs[i] as number));
    return best;
  }

  dispose(): void {
    for (const { built } of this.plans) built.dispose();
  }

  private encode(encoder: GPUCommandEncoder, built: BuiltPlan, times: number): void {
    const pass = encoder.beginComputePass();
    for (let i = 0; i < times; i++) built.encode(pass);
    pass.end();
  }
}
