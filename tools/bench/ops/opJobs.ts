/** A convolution's sizes, in tfjs's terms: images [N, H, W, C], filters [k, k, in, out], depthwise [k, k, C, 1]. */
export interface ConvolutionShape {
  readonly samples: number;
  readonly side: number;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernel: number;
  readonly stride: number;
  readonly depthwise: boolean;
}

/** One operation of the per-op table. Each takes the arrays that `opInputs` names. */
export type OpJob =
  | {
      readonly kind: "convolution";
      readonly name: string;
      /** y of x and w; dx of dy and w; dw of x and dy. */
      readonly direction: "forward" | "inputGradient" | "filterGradient";
      readonly shape: ConvolutionShape;
    }
  | {
      /** ReLU(γ·x̂ + β) with the batch's statistics: y; or dx, dγ, dβ of x, γ, β and dy, the forward pass included. */
      readonly kind: "batchNorm";
      readonly name: string;
      readonly direction: "forward" | "forwardAndBackward";
      readonly rows: number;
      readonly channels: number;
    }
  /** [n, n] · [n, n] */
  | { readonly kind: "product"; readonly name: string; readonly size: number };

export const batchNormEpsilon = 1e-5;

export function outputSide({ side, kernel, stride }: ConvolutionShape): number {
  return Math.floor((side + 2 * padding(kernel) - kernel) / stride) + 1;
}

export function padding(kernel: number): number {
  return (kernel - 1) >> 1;
}

/** The shapes of an operation's arguments, by name. */
export function opInputs(job: OpJob): Readonly<Record<string, readonly number[]>> {
  switch (job.kind) {
    case "product":
      return { a: [job.size, job.size], b: [job.size, job.size] };
    case "batchNorm": {
      const { rows, channels } = job;
      const x = [1, 1, rows, channels];
      const vectors = { scale: [channels], shift: [channels] };
      return job.direction === "forward" ? { x, ...vectors } : { x, ...vectors, dy: x };
    }
    case "convolution": {
      const { samples, side, inChannels, outChannels, kernel, depthwise } = job.shape;
      const out = outputSide(job.shape);
      const x = [samples, side, side, inChannels];
      const dy = [samples, out, out, outChannels];
      const w = [kernel, kernel, inChannels, depthwise ? 1 : outChannels];
      if (job.direction === "forward") return { x, w };
      return job.direction === "inputGradient" ? { dy, w } : { x, dy };
    }
  }
}

export interface OpWork {
  /** A multiply-add is two. */
  readonly flop: number;
  /** Every argument read once, every result written once: no kernel moves less. */
  readonly bytes: number;
}

export function opWork(job: OpJob): OpWork {
  const elements = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);
  const read = Object.values(opInputs(job)).reduce((sum, shape) => sum + elements(shape), 0);
  switch (job.kind) {
    case "product":
      return { flop: 2 * job.size ** 3, bytes: 4 * (read + job.size ** 2) };
    case "batchNorm": {
      const values = job.rows * job.channels;
      // Mean, variance, scale and shift; the gradient's two sums and its combination.
      const flopPerValue = job.direction === "forward" ? 6 : 15;
      return { flop: flopPerValue * values, bytes: 4 * (read + values) };
    }
    case "convolution": {
      const { samples, side, inChannels, outChannels, kernel, depthwise } = job.shape;
      const places = samples * outputSide(job.shape) ** 2;
      const filters = kernel ** 2 * inChannels * (depthwise ? 1 : outChannels);
      const written = {
        forward: places * outChannels,
        inputGradient: samples * side ** 2 * inChannels,
        filterGradient: filters,
      }[job.direction];
      return { flop: 2 * places * filters, bytes: 4 * (read + written) };
    }
  }
}

type Sizes = readonly [samples: number, side: number, inChannels: number, outChannels: number];

function convolutions(
  title: string,
  [samples, side, inChannels, outChannels]: Sizes,
  kernel: number,
  more: { stride?: number; depthwise?: boolean; stem?: boolean } = {},
): OpJob[] {
  const { stride = 1, depthwise = false, stem = false } = more;
  const shape = { samples, side, inChannels, outChannels, kernel, stride, depthwise };
  const sizes = `[${samples},${side},${side},${inChannels}]→${outChannels}`;
  // Nothing is trained below a stem, so nobody needs its input's gradient.
  const directions = stem
    ? (["forward", "filterGradient"] as const)
    : (["forward", "inputGradient", "filterGradient"] as const);
  const words = { forward: "forward", inputGradient: "dX", filterGradient: "dW" };
  return directions.map((direction) => ({
    kind: "convolution",
    name: `${title} ${sizes} ${words[direction]}`,
    direction,
    shape,
  }));
}

function batchNorms(rows: number, channels: number): OpJob[] {
  const size = `[${rows},${channels}]`;
  return [
    { kind: "batchNorm", name: `BatchNorm+ReLU ${size} forward`, direction: "forward", rows, channels },
    {
      kind: "batchNorm",
      name: `BatchNorm+ReLU ${size} forward and backward`,
      direction: "forwardAndBackward",
      rows,
      channels,
    },
  ];
}

const product = (size: number): OpJob => ({ kind: "product", name: `product ${size}`, size });

/** Sizes a GPU emulated on the CPU can do: those of STEP-S at width 16. */
const smallOps: readonly OpJob[] = [
  ...convolutions("3×3", [16, 32, 16, 16], 3),
  ...convolutions("3×3", [16, 16, 32, 32], 3),
  ...convolutions("3×3", [16, 8, 64, 64], 3),
  ...convolutions("3×3 stride 2", [16, 32, 16, 32], 3, { stride: 2 }),
  ...convolutions("1×1", [16, 16, 32, 64], 1),
  ...convolutions("depthwise 3×3", [16, 16, 32, 32], 3, { depthwise: true }),
  ...convolutions("depthwise 5×5 stride 2", [16, 16, 32, 32], 5, { depthwise: true, stride: 2 }),
  ...convolutions("7×7 stride 2", [16, 32, 3, 16], 7, { stride: 2, stem: true }),
  ...batchNorms(16_384, 16),
  product(512),
  product(1024),
];

/** Sizes of STEP-L and STEP-E, for GPUs. */
const largeOps: readonly OpJob[] = [
  ...convolutions("3×3", [64, 32, 64, 64], 3),
  ...convolutions("3×3", [64, 16, 128, 128], 3),
  ...convolutions("3×3", [64, 8, 256, 256], 3),
  ...convolutions("3×3", [64, 4, 512, 512], 3),
  ...convolutions("3×3 stride 2", [64, 32, 64, 128], 3, { stride: 2 }),
  ...convolutions("1×1", [64, 32, 64, 256], 1),
  ...convolutions("depthwise 3×3", [64, 64, 32, 32], 3, { depthwise: true }),
  ...convolutions("depthwise 5×5 stride 2", [64, 32, 144, 144], 5, { depthwise: true, stride: 2 }),
  ...convolutions("7×7 stride 2", [64, 128, 3, 64], 7, { stride: 2, stem: true }),
  ...batchNorms(65_536, 64),
  product(512),
  product(1024),
];

export function opJobsFor(hardware: boolean): readonly OpJob[] {
  return hardware ? largeOps : smallOps;
}
