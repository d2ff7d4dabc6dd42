import * as tf from "../tfjs/tf.ts";
import { addMoments, addProducts, writeAffine, writeCombination } from "./channelLoops.ts";
import type { WasmHeap } from "./wasmHeap.ts";

interface Attributes {
  readonly eps: number;
  /** Interleaved parts of a view with statistics of their own. */
  readonly subBatches: number;
  /** Equal stretches of the batch, each with statistics of its own; default 1. */
  readonly views?: number;
  /** No result is below it; default none. */
  readonly lowest?: number;
}

/**
 * Train-mode batch normalisation by loops over WASM's memory, which is read twice forwards and twice backwards; see
 * `batchNormTrain`, which computes the same from tfjs's operations in some dozen passes.
 *
 * @param x [N, …, C]; N a multiple of sub-batches.
 */
export function trainBatchNormOnHeap(
  heap: WasmHeap,
  x: tf.Tensor,
  gamma: tf.Tensor1D,
  beta: tf.Tensor1D,
  attributes: Attributes,
): { y: tf.Tensor; mean: tf.Tensor1D; variance: tf.Tensor1D } {
  const value = heap.empty(x.shape);
  const { moments, statistics } = batchNormForward(heap, x, value, gamma, beta, attributes);
  const { mean, variance } = moments[0]!;
  const result = heap.toTensor(value);
  const normalise = tf.customGrad((...inputs: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const save = inputs.pop() as tf.GradSaveFunc;
    const [input, scale] = inputs as [tf.Tensor, tf.Tensor];
    save([input, scale]);
    return {
      value: tf.clone(result),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [input, scale] = saved as [tf.Tensor, tf.Tensor];
        const { dx, dGamma, dBeta } = batchNormBackward(heap, dy, input, statistics, scale, attributes);
        return [dx, dGamma, dBeta].map((info) => heap.toTensor(info));
      },
    };
  });
  return { y: normalise(x, gamma, beta), mean: tf.tensor1d(mean), variance: tf.tensor1d(variance) };
}

/** Of one view. */
interface Moments {
  /** [C], averaged over the sub-batches. */
  readonly mean: Float32Array;
  /** [C], unbiased, averaged over the sub-batches. */
  readonly variance: Float32Array;
}

/** What `batchNormForward` finds out. */
interface Normalised {
  /** View by view. */
  readonly moments: readonly Moments[];
  /** [views · subBatches, 2, C]: mean and biased variance, for the way back. */
  readonly statistics: Float32Array;
}

/**
 * Two loops over x: sums of differences from the sub-batch's first value, in double precision, then the result, which goes
 * to y; that may be x itself.
 */
export function batchNormForward(
  heap: WasmHeap,
  x: tf.TensorInfo,
  y: tf.TensorInfo,
  gamma: tf.TensorInfo,
  beta: tf.TensorInfo,
  { eps, subBatches, views = 1, lowest }: Attributes,
): Normalised {
  const { samples, pixels, channels } = sizesOf(x);
  const moments = Array.from({ length: views }, () => ({
    mean: new Float32Array(channels),
    variance: new Float32Array(channels),
  }));
  const statistics = new Float32Array(views * subBatches * 2 * channels);
  const from = heap.view(x);
  const to = heap.view(y);
  const [scales, shifts] = [heap.view(gamma), heap.view(beta)];
  const count = (samples / views / subBatches) * pixels;
  const width = pixels * channels;
  const sum = new Float64Array(channels);
  const squares = new Float64Array(channels);
  const origin = new Float64Array(channels);
  const factor = new Float64Array(channels);
  const offset = new Float64Array(channels);
  for (let subBatch = 0; subBatch < views * subBatches; subBatch++) {
    const stretches = stretchesOf(subBatch, subBatches, samples / views, width);
    const { mean, variance } = moments[Math.floor(subBatch / subBatches)]!;
    const [first] = stretches[0]!;
    sum.fill(0);
    squares.fill(0);
    for (let c = 0; c < channels; c++) origin[c] = from[first + c] as number;
    for (const [begin, end] of stretches) addMoments(heap.simd, from, begin, end, origin, sum, squares);
    for (let c = 0; c < channels; c++) {
      const shifted = (sum[c] as number) / count;
      const mu = shifted + (origin[c] as number);
      const biased = Math.max(0, (squares[c] as number) / count - shifted * shifted);
      statistics[2 * subBatch * channels + c] = mu;
      statistics[(2 * subBatch + 1) * channels + c] = biased;
      (mean[c] as number) += mu / subBatches;
      (variance[c] as number) += (biased * count) / (count - 1) / subBatches;
      factor[c] = (scales[c] as number) / Math.sqrt(biased + eps);
      offset[c] = (shifts[c] as number) - mu * (factor[c] as number);
    }
    for (const [begin, end] of stretches)
      writeAffine(heap.simd, from, to, begin, end, factor, offset, lowest);
  }
  return { moments, statistics };
}

/** Two loops over dy and x. @param statistics as `batchNormForward` gave them. */
export function batchNormBackward(
  heap: WasmHeap,
  dy: tf.TensorInfo,
  x: tf.TensorInfo,
  statistics: Float32Array,
  gamma: tf.TensorInfo,
  { eps, subBatches, views = 1 }: Attributes,
): { dx: tf.TensorInfo; dGamma: tf.TensorInfo; dBeta: tf.TensorInfo } {
  const { samples, pixels, channels } = sizesOf(x);
  const dx = heap.empty(x.shape);
  const [dGamma, dBeta] = [heap.empty([channels]), heap.empty([channels])];
  const [upstream, from, to] = [heap.view(dy), heap.view(x), heap.view(dx)];
  const scales = heap.view(gamma);
  const [stretch, shift] = [heap.view(dGamma), heap.view(dBeta)];
  stretch.fill(0);
  shift.fill(0);
  const count = (samples / views / subBatches) * pixels;
  const width = pixels * channels;
  const sum = new Float64Array(channels);
  const products = new Float64Array(channels);
  const mean = new Float64Array(channels);
  // dx = a·dy + b·x + c, channel by channel
  const ofDy = new Float64Array(channels);
  const ofX = new Float64Array(channels);
  const constant = new Float64Array(channels);
  for (let subBatch = 0; subBatch < views * subBatches; subBatch++) {
    const stretches = stretchesOf(subBatch, subBatches, samples / views, width);
    sum.fill(0);
    products.fill(0);
    for (let c = 0; c < channels; c++) mean[c] = statistics[2 * subBatch * channels + c] as number;
    for (const [begin, end] of stretches)
      addProducts(heap.simd, upstream, from, begin, end, mean, sum, products);
    for (let c = 0; c < channels; c++) {
      const inverse = 1 / Math.sqrt((statistics[(2 * subBatch + 1) * channels + c] as number) + eps);
      (stretch[c] as number) += (products[c] as number) * inverse;
      (shift[c] as number) += sum[c] as number;
      const scale = (scales[c] as number) * inverse;
      const slope = (-scale * (products[c] as number) * inverse * inverse) / count;
      ofDy[c] = scale;
      ofX[c] = slope;
      constant[c] = (-scale * (sum[c] as number)) / count - slope * (mean[c] as number);
    }
    for (const [begin, end] of stretches)
      writeCombination(heap.simd, upstream, from, to, begin, end, ofDy, ofX, constant);
  }
  return { dx, dGamma, dBeta };
}

/**
 * Where a sub-batch's samples lie: all of a view in one piece, or one by one.
 *
 * @param subBatch counted through all views. @param samples of one view.
 */
function stretchesOf(
  subBatch: number,
  subBatches: number,
  samples: number,
  width: number,
): [number, number][] {
  const start = Math.floor(subBatch / subBatches) * samples;
  if (subBatches === 1) return [[start * width, (start + samples) * width]];
  return Array.from({ length: samples / subBatches }, (_, i) => {
    const sample = start + (subBatch % subBatches) + i * subBatches;
    return [sample * width, (sample + 1) * width];
  });
}

function sizesOf({ shape }: tf.TensorInfo): { samples: number; pixels: number; channels: number } {
  const samples = shape[0] as number;
  const channels = shape[shape.length - 1] as number;
  return { samples, channels, pixels: tf.util.sizeFromShape(shape) / samples / channels };
}

/** Given statistics and parameters, all [C]. */
interface Frozen {
  readonly mean: tf.TensorInfo;
  readonly variance: tf.TensorInfo;
  readonly gamma: tf.TensorInfo;
  readonly beta: tf.TensorInfo;
}

/** BatchNorm in evaluation mode, see `batchNormEval`: one loop, from x to y, which may be x itself. */
export function frozenBatchNormForward(
  heap: WasmHeap,
  x: tf.TensorInfo,
  y: tf.TensorInfo,
  frozen: Frozen,
  { eps, lowest }: { readonly eps: number; readonly lowest?: number },
): void {
  const { factor, offset } = factorsOf(heap, frozen, eps);
  const [from, to] = [heap.view(x), heap.view(y)];
  writeAffine(heap.simd, from, to, 0, from.length, factor, offset, lowest);
}

/** A convolution's filter [k, k, C, O] and bias [O] that do the work of a frozen BatchNorm behind it as well. */
export function foldBatchNorm(
  heap: WasmHeap,
  filter: tf.TensorInfo,
  frozen: Frozen,
  eps: number,
): { filter: tf.TensorInfo; bias: tf.TensorInfo } {
  const { factor, offset } = factorsOf(heap, frozen, eps);
  const folded = heap.empty(filter.shape);
  const bias = heap.empty([factor.length]);
  const [from, to] = [heap.view(filter), heap.view(folded)];
  for (let i = 0; i < from.length;)
    for (let o = 0; o < factor.length; o++, i++) to[i] = from[i]! * factor[o]!;
  heap.view(bias).set(offset);
  return { filter: folded, bias };
}

/** dx = factor·dy, dγ = Σ dy·x̂, dβ = Σ dy. */
export function frozenBatchNormBackward(
  heap: WasmHeap,
  dy: tf.TensorInfo,
  x: tf.TensorInfo,
  frozen: Frozen,
  eps: number,
): { dx: tf.TensorInfo; dGamma: tf.TensorInfo; dBeta: tf.TensorInfo } {
  const { channels } = sizesOf(x);
  const dx = heap.empty(x.shape);
  const [dGamma, dBeta] = [heap.empty([channels]), heap.empty([channels])];
  const { factor, inverse, mean } = factorsOf(heap, frozen, eps);
  const [upstream, from, to] = [heap.view(dy), heap.view(x), heap.view(dx)];
  const sum = new Float64Array(channels);
  const products = new Float64Array(channels);
  addProducts(heap.simd, upstream, from, 0, from.length, mean, sum, products);
  heap.view(dGamma).set(products.map((product, c) => product * inverse[c]!));
  heap.view(dBeta).set(sum);
  writeAffine(heap.simd, upstream, to, 0, from.length, factor, new Float64Array(channels));
  return { dx, dGamma, dBeta };
}

/** y = factor·x + offset, channel by channel. */
function factorsOf(
  heap: WasmHeap,
  frozen: Frozen,
  eps: number,
): { factor: Float64Array; offset: Float64Array; inverse: Float64Array; mean: Float64Array } {
  const [mean, variance] = [heap.view(frozen.mean), heap.view(frozen.variance)];
  const [gamma, beta] = [heap.view(frozen.gamma), heap.view(frozen.beta)];
  const inverse = new Float64Array(mean.length);
  const factor = new Float64Array(mean.length);
  const offset = new Float64Array(mean.length);
  for (let c = 0; c < mean.length; c++) {
    inverse[c] = 1 / Math.sqrt(variance[c]! + eps);
    factor[c] = gamma[c]! * inverse[c]!;
    offset[c] = beta[c]! - mean[c]! * factor[c]!;
  }
  return { factor, offset, inverse, mean: Float64Array.from(mean) };
}
