import * as tf from "../../tf.ts";
import { addMoments, addProducts, writeAffine, writeCombination } from "./channelLoops.ts";
import type { WasmHeap } from "./wasmHeap.ts";

interface Attributes {
  readonly eps: number;
  readonly groups: number;
}

/**
 * Train-mode batch normalisation by loops over WASM's memory, which is read twice forwards and twice backwards; see
 * `batchNormTrain`, which computes the same from tfjs's operations in some dozen passes.
 *
 * @param x [N, …, C]; N a multiple of groups.
 */
export function trainBatchNormOnHeap(
  heap: WasmHeap,
  x: tf.Tensor,
  gamma: tf.Tensor1D,
  beta: tf.Tensor1D,
  attributes: Attributes,
): { y: tf.Tensor; mean: tf.Tensor1D; variance: tf.Tensor1D } {
  const asTensor = (info: tf.TensorInfo): tf.Tensor => tf.engine().makeTensorFromTensorInfo(info);
  const forwards = forward(heap, x, gamma, beta, attributes);
  const [value, mean, variance, statistics] = forwards.map(asTensor) as [
    tf.Tensor,
    tf.Tensor1D,
    tf.Tensor1D,
    tf.Tensor,
  ];
  const normalise = tf.customGrad((...inputs: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const save = inputs.pop() as tf.GradSaveFunc;
    const [input, scale] = inputs as [tf.Tensor, tf.Tensor];
    save([input, statistics, scale]);
    return {
      value: tf.clone(value),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [input, statistics, scale] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
        return backward(heap, dy, input, statistics, scale, attributes).map(asTensor);
      },
    };
  });
  return { y: normalise(x, gamma, beta), mean, variance };
}

/**
 * Two loops over x: sums of differences from the group's first value, in double precision, then the result.
 *
 * @returns y; mean and unbiased variance [C], averaged over the groups; statistics [groups, 2, C].
 */
function forward(
  heap: WasmHeap,
  x: tf.TensorInfo,
  gamma: tf.TensorInfo,
  beta: tf.TensorInfo,
  { eps, groups }: Attributes,
): tf.TensorInfo[] {
  const { samples, pixels, channels } = sizesOf(x);
  const y = heap.empty(x.shape);
  const [mean, variance] = [heap.empty([channels]), heap.empty([channels])];
  const statistics = heap.empty([groups, 2, channels]);
  const from = heap.view(x);
  const to = heap.view(y);
  const [scales, shifts] = [heap.view(gamma), heap.view(beta)];
  const [means, variances] = [heap.view(mean), heap.view(variance)];
  const kept = heap.view(statistics);
  means.fill(0);
  variances.fill(0);
  const count = (samples / groups) * pixels;
  const width = pixels * channels;
  const sum = new Float64Array(channels);
  const squares = new Float64Array(channels);
  const origin = new Float64Array(channels);
  const factor = new Float64Array(channels);
  const offset = new Float64Array(channels);
  for (let group = 0; group < groups; group++) {
    const stretches = stretchesOf(group, groups, samples, width);
    sum.fill(0);
    squares.fill(0);
    for (let c = 0; c < channels; c++) origin[c] = from[group * width + c] as number;
    for (const [begin, end] of stretches) addMoments(from, begin, end, origin, sum, squares);
    for (let c = 0; c < channels; c++) {
      const shifted = (sum[c] as number) / count;
      const mu = shifted + (origin[c] as number);
      const biased = Math.max(0, (squares[c] as number) / count - shifted * shifted);
      kept[2 * group * channels + c] = mu;
      kept[(2 * group + 1) * channels + c] = biased;
      (means[c] as number) += mu / groups;
      (variances[c] as number) += (biased * count) / (count - 1) / groups;
      factor[c] = (scales[c] as number) / Math.sqrt(biased + eps);
      offset[c] = (shifts[c] as number) - mu * (factor[c] as number);
    }
    for (const [begin, end] of stretches) writeAffine(from, to, begin, end, factor, offset);
  }
  return [y, mean, variance, statistics];
}

/** Two loops over dy and x. @returns dx, dγ, dβ. */
function backward(
  heap: WasmHeap,
  dy: tf.TensorInfo,
  x: tf.TensorInfo,
  statistics: tf.TensorInfo,
  gamma: tf.TensorInfo,
  { eps, groups }: Attributes,
): tf.TensorInfo[] {
  const { samples, pixels, channels } = sizesOf(x);
  const dx = heap.empty(x.shape);
  const [dGamma, dBeta] = [heap.empty([channels]), heap.empty([channels])];
  const [upstream, from, to] = [heap.view(dy), heap.view(x), heap.view(dx)];
  const [scales, kept] = [heap.view(gamma), heap.view(statistics)];
  const [stretch, shift] = [heap.view(dGamma), heap.view(dBeta)];
  stretch.fill(0);
  shift.fill(0);
  const count = (samples / groups) * pixels;
  const width = pixels * channels;
  const sum = new Float64Array(channels);
  const products = new Float64Array(channels);
  const mean = new Float64Array(channels);
  // dx = a·dy + b·x + c, channel by channel
  const ofDy = new Float64Array(channels);
  const ofX = new Float64Array(channels);
  const constant = new Float64Array(channels);
  for (let group = 0; group < groups; group++) {
    const stretches = stretchesOf(group, groups, samples, width);
    sum.fill(0);
    products.fill(0);
    for (let c = 0; c < channels; c++) mean[c] = kept[2 * group * channels + c] as number;
    for (const [begin, end] of stretches) addProducts(upstream, from, begin, end, mean, sum, products);
    for (let c = 0; c < channels; c++) {
      const inverse = 1 / Math.sqrt((kept[(2 * group + 1) * channels + c] as number) + eps);
      (stretch[c] as number) += (products[c] as number) * inverse;
      (shift[c] as number) += sum[c] as number;
      const scale = (scales[c] as number) * inverse;
      const slope = (-scale * (products[c] as number) * inverse * inverse) / count;
      ofDy[c] = scale;
      ofX[c] = slope;
      constant[c] = (-scale * (sum[c] as number)) / count - slope * (mean[c] as number);
    }
    for (const [begin, end] of stretches)
      writeCombination(upstream, from, to, begin, end, ofDy, ofX, constant);
  }
  return [dx, dGamma, dBeta];
}

/** Where a group's samples lie: all in one piece, or one by one. */
function stretchesOf(group: number, groups: number, samples: number, width: number): [number, number][] {
  if (groups === 1) return [[0, samples * width]];
  return Array.from({ length: samples / groups }, (_, i) => {
    const sample = group + i * groups;
    return [sample * width, (sample + 1) * width];
  });
}

function sizesOf({ shape }: tf.TensorInfo): { samples: number; pixels: number; channels: number } {
  const samples = shape[0] as number;
  const channels = shape[shape.length - 1] as number;
  return { samples, channels, pixels: tf.util.sizeFromShape(shape) / samples / channels };
}
