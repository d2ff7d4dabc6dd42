import { invariant } from "../../../src/lib/invariant.ts";
import {
  granularityOf,
  setTiling,
  softwareGranularity,
  type Granularity,
} from "../../../src/ml/wgsl/granularity.ts";
import { measureTiling } from "../../../src/ml/compiled/plan/tuneTiling.ts";
import { padToFour, type Kernel } from "../../../src/ml/wgsl/kernel.ts";
import { batchNorm, batchNormGradient, betaAt, type NormShape } from "../../../src/ml/wgsl/batchNorm.ts";
import {
  convolution,
  convolutionFilterGradient,
  convolutionInputGradient,
} from "../../../src/ml/wgsl/convolutions.ts";
import type { ConvolutionShape as CompiledShape } from "../../../src/ml/wgsl/convolutionShape.ts";
import {
  depthwise,
  depthwiseFilterGradient,
  depthwiseInputGradient,
} from "../../../src/ml/wgsl/depthwise.ts";
import { sumParts } from "../../../src/ml/wgsl/elementwise.ts";
import { Plan, type BuiltPlan, type PlanTensor } from "../../../src/ml/compiled/plan/plan.ts";
import type { OpArrays, OpContestant, OpRunner } from "./opContestant.ts";
import { batchNormEpsilon, outputSide, padding, type ConvolutionShape, type OpJob } from "./opJobs.ts";

/** Our kernels as the compiled step launches them: no tfjs around. */
export function ourOps(): OpContestant {
  let device: GPUDevice | undefined;
  let granularity = softwareGranularity;
  return {
    open: async () => {
      const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
      invariant(adapter !== null, "there is an adapter, or nothing would be measured");
      const { maxStorageBufferBindingSize, maxBufferSize } = adapter.limits;
      device = await adapter.requestDevice({
        requiredLimits: { maxStorageBufferBindingSize, maxBufferSize },
      });
      if (!adapter.info.isFallbackAdapter) {
        setTiling(device, await measureTiling(device));
        granularity = granularityOf(device);
      }
      return "this project's kernels alone";
    },
    prepare: async (job, arrays) => {
      invariant(device !== undefined, "asked to prepare before it was opened");
      const plan = new Plan();
      const planned = planOp(plan, job, arrays, granularity);
      for (const { tensor } of planned.results) plan.keep(tensor);
      const built = await plan.build(device);
      for (const { tensor, data } of planned.inputs) {
        device.queue.writeBuffer(built.bufferOf(tensor), 0, data);
      }
      return createRunner(device, built, planned);
    },
  };
}

interface PlannedOp {
  readonly inputs: readonly { readonly tensor: PlanTensor; readonly data: Float32Array<ArrayBuffer> }[];
  readonly results: readonly {
    readonly tensor: PlanTensor;
    /** Which elements of it tfjs's result has. */
    readonly cut: (values: Float32Array) => Float32Array;
  }[];
}

function planOp(plan: Plan, job: OpJob, arrays: OpArrays, granularity: Granularity): PlannedOp {
  switch (job.kind) {
    case "product":
      return planProduct(plan, job.size, arrays, granularity);
    case "batchNorm":
      return planBatchNorm(plan, job, arrays, granularity);
    case "convolution":
      return planConvolution(plan, job.direction, job.shape, arrays, granularity);
  }
}

const whole = (values: Float32Array): Float32Array => values;

function dataOf(arrays: OpArrays, name: string): Float32Array<ArrayBuffer> {
  const found = arrays[name];
  invariant(found !== undefined, `the operation has an argument ${name}`);
  return Float32Array.from(found.data);
}

function planProduct(plan: Plan, size: number, arrays: OpArrays, granularity: Granularity): PlannedOp {
  const inputs = ["a", "b"].map((name) => ({
    tensor: plan.persistent(name, size * size),
    data: dataOf(arrays, name),
  }));
  const result = plan.transient("product", size * size);
  const shape = { samples: size, height: 1, width: 1, inChannels: size, outChannels: size };
  const kernel = convolution({ ...shape, kernel: 1, stride: 1, padding: 0 }, {}, granularity);
  plan.launch(kernel, [...inputs.map(({ tensor }) => tensor), result]);
  return { inputs, results: [{ tensor: result, cut: whole }] };
}

function planBatchNorm(
  plan: Plan,
  { direction, rows, channels }: Extract<OpJob, { kind: "batchNorm" }>,
  arrays: OpArrays,
  granularity: Granularity,
): PlannedOp {
  const shape: NormShape = {
    views: 1,
    samples: 1,
    subBatchesPerView: 1,
    pixels: rows,
    channels,
    eps: batchNormEpsilon,
    activation: "relu",
    residual: false,
  };
  const affineSize = betaAt(channels) + channels;
  const affineData = new Float32Array(affineSize);
  affineData.set(dataOf(arrays, "scale"));
  affineData.set(dataOf(arrays, "shift"), betaAt(channels));
  const x = plan.persistent("x", rows * channels);
  const affine = plan.persistent("γ and β", affineSize);
  const inputs = [
    { tensor: x, data: dataOf(arrays, "x") },
    { tensor: affine, data: affineData },
  ];
  const y = plan.transient("y", rows * channels);
  const statistics = plan.transient("statistics", 2 * channels);
  const forward = batchNorm(shape, granularity);
  const sums = plan.transient("sums", forward.sumsSize);
  plan.launch(forward.sums, [x, sums]);
  plan.launch(forward.apply, [x, sums, affine, y, statistics]);
  if (direction === "forward") return { inputs, results: [{ tensor: y, cut: whole }] };

  const dy = plan.persistent("dy", rows * channels);
  const dx = plan.transient("dx", rows * channels);
  const dAffine = plan.transient("dγ and dβ", affineSize);
  const backward = batchNormGradient(shape, granularity);
  const gradientSums = plan.transient("gradient sums", backward.sumsSize);
  plan.launch(backward.sums, [dy, x, statistics, affine, gradientSums]);
  plan.launch(backward.apply, [dy, x, statistics, gradientSums, affine, dx, dAffine]);
  return {
    inputs: [...inputs, { tensor: dy, data: dataOf(arrays, "dy") }],
    results: [
      { tensor: dx, cut: whole },
      { tensor: dAffine, cut: (values) => values.slice(0, channels) },
      { tensor: dAffine, cut: (values) => values.slice(betaAt(channels), betaAt(channels) + channels) },
    ],
  };
}

function planConvolution(
  plan: Plan,
  direction: Extract<OpJob, { kind: "convolution" }>["direction"],
  job: ConvolutionShape,
  arrays: OpArrays,
  granularity: Granularity,
): PlannedOp {
  const { samples, side, kernel, stride, inChannels, outChannels } = job;
  // As the compiled step does, which gives images a fourth channel when it normalises them.
  const padded = padToFour(inChannels);
  const shape: CompiledShape = {
    samples,
    height: side,
    width: side,
    inChannels: padded,
    outChannels,
    kernel,
    stride,
    padding: padding(kernel),
  };
  const imageSize = samples * side * side * padded;
  const resultSize = samples * outputSide(job) ** 2 * outChannels;
  const filterSize = kernel * kernel * padded * (job.depthwise ? 1 : outChannels);
  const sizes: Readonly<Record<string, number>> = { x: imageSize, dy: resultSize, w: filterSize };
  const fill: Readonly<Record<string, (values: Float32Array<ArrayBuffer>) => Float32Array<ArrayBuffer>>> = {
    x: (values) => spread(values, inChannels, padded),
    dy: (values) => values,
    w: (values) => (job.depthwise ? values : spread(values, inChannels * outChannels, padded * outChannels)),
  };
  const inputs = Object.keys(arrays).map((name) => ({
    tensor: plan.persistent(name, sizes[name] ?? 0),
    data: (fill[name] as (typeof fill)[string])(dataOf(arrays, name)),
  }));
  const operands = inputs.map(({ tensor }) => tensor);
  const launch = (one: Kernel, size: number): PlannedOp => {
    const result = plan.transient("result", size);
    plan.launch(one, [...operands, result]);
    return { inputs, results: [{ tensor: result, cut: whole }] };
  };
  if (direction === "forward")
    return launch(job.depthwise ? depthwise(shape) : convolution(shape, {}, granularity), resultSize);
  if (direction === "inputGradient") {
    const gradient = job.depthwise
      ? depthwiseInputGradient(shape, false)
      : convolutionInputGradient(shape, false, granularity);
    return launch(gradient, imageSize);
  }
  const made = (job.depthwise ? depthwiseFilterGradient : convolutionFilterGradient)(shape, granularity);
  const result = plan.transient("filter gradient", filterSize);
  if (made.parts === 1) plan.launch(made.kernel, [...operands, result]);
  else {
    const sums = plan.transient("partial sums", made.size);
    plan.launch(made.kernel, [...operands, sums]);
    plan.launch(sumParts(made.parts, filterSize), [sums, result]);
  }
  const cut = (values: Float32Array): Float32Array =>
    job.depthwise ? values : gather(values, inChannels * outChannels, padded * outChannels);
  return { inputs, results: [{ tensor: result, cut }] };
}

/** Rows of `from` values, each filled up with zeros to `to`. */
function spread(values: Float32Array<ArrayBuffer>, from: number, to: number): Float32Array<ArrayBuffer> {
  if (from === to) return values;
  const filled = new Float32Array((values.length / from) * to);
  for (let row = 0; row * from < values.length; row++) {
    filled.set(values.subarray(row * from, (row + 1) * from), row * to);
  }
  return filled;
}

/** The first `from` values of each row of `to`. */
function gather(values: Float32Array, from: number, to: number): Float32Array {
  const kept = new Float32Array((values.length / to) * from);
  for (let row = 0; row * to < values.length; row++) {
    kept.set(values.subarray(row * to, row * to + from), row * from);
  }
  return kept;
}

function createRunner(device: GPUDevice, built: BuiltPlan, { results }: PlannedOp): OpRunner {
  return {
    run: () => {
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      built.encode(pass);
      pass.end();
      device.queue.submit([encoder.finish()]);
    },
    finish: async () => {
      await device.queue.onSubmittedWorkDone();
    },
    results: async () => {
      const copies: Float32Array[] = [];
      for (const { tensor, cut } of results) copies.push(cut(await download(device, built, tensor)));
      return copies;
    },
    dispose: () => {
      built.dispose();
    },
  };
}

async function download(device: GPUDevice, built: BuiltPlan, tensor: PlanTensor): Promise<Float32Array> {
  const bytes = tensor.size * 4;
  const staging = device.createBuffer({
    size: bytes,
    usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
  });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(built.bufferOf(tensor), 0, staging, 0, bytes);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const values = new Float32Array(staging.getMappedRange().slice(0));
  staging.destroy();
  return values;
}
