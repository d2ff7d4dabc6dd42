import type * as tf from "../tfjs/tf.ts";
import { depthwiseFilterGradient, depthwiseInputGradient, type ConvPlace } from "./heapDepthwise.ts";
import type { WasmHeap } from "./wasmHeap.ts";

/**
 * Dense and depthwise convolutions and their gradients on WASM's memory, each as few of the backend's kernels and plain
 * loops. The equations are those of `convolutionGradients.ts`. The caller owns what is returned.
 *
 * @param x [N, H, W, C]  @param filter [k, k, C, O]; depthwise [k, k, C, 1]
 */
export function convolve(
  heap: WasmHeap,
  x: tf.TensorInfo,
  filter: tf.TensorInfo,
  pads: number | tf.backend_util.ExplicitPadding,
  { stride = 1, dilation = 1, groups = 1 } = {},
): tf.TensorInfo {
  return heap.run(
    groups === 1 ? "Conv2D" : "DepthwiseConv2dNative",
    { x, filter },
    { strides: [stride, stride], pad: pads, dataFormat: "NHWC", dilations: [dilation, dilation] },
  );
}

/** As `convolve`, and adds a bias [O]; with `clamp`, nothing below 0 is left. */
export function convolveWithBias(
  heap: WasmHeap,
  x: tf.TensorInfo,
  { filter, bias }: { readonly filter: tf.TensorInfo; readonly bias: tf.TensorInfo },
  { stride, padding, groups = 1 }: ConvPlace,
  clamp: boolean,
): tf.TensorInfo {
  return heap.run(
    groups === 1 ? "FusedConv2D" : "FusedDepthwiseConv2D",
    { x, filter, bias },
    {
      strides: [stride, stride],
      pad: padding,
      dataFormat: "NHWC",
      dilations: [1, 1],
      activation: clamp ? "relu" : "linear",
    },
  );
}

/** dX: the upstream gradient, with zeros between its places where the stride is not 1, convolved with the filter turned. */
export function inputGradientOnHeap(
  heap: WasmHeap,
  dy: tf.TensorInfo,
  filter: tf.TensorInfo,
  inputShape: readonly number[],
  place: ConvPlace,
): tf.TensorInfo {
  const { kernel, stride, padding, groups = 1 } = place;
  if (groups > 1) return depthwiseInputGradient(heap, dy, filter, inputShape, place);
  const [, height, width] = inputShape as Shape4D;
  const turned = turnFilter(heap, filter);
  try {
    if (kernel === 1 && padding === 0) {
      const small = convolve(heap, dy, turned, 0);
      return stride === 1 ? small : replacing(heap, small, spread(heap, small, stride, height, width));
    }
    const before = kernel - 1 - padding;
    if (stride === 1) return convolve(heap, dy, turned, before);
    const wide = spread(heap, dy, stride, height + padding - before, width + padding - before);
    return replacing(heap, wide, convolve(heap, wide, turned, before));
  } finally {
    heap.free(turned);
  }
}

/**
 * dW: the input's channels as images, its samples as channels, and the upstream gradient as the filter; or the two the
 * other way round, where that makes the filter, which the backend packs anew each time, smaller.
 */
export function filterGradientOnHeap(
  heap: WasmHeap,
  x: tf.TensorInfo,
  dy: tf.TensorInfo,
  filterShape: readonly number[],
  place: ConvPlace,
): tf.TensorInfo {
  const { kernel, stride, padding, groups = 1 } = place;
  if (groups > 1) return depthwiseFilterGradient(heap, x, dy, filterShape, place);
  const [samples, height, width, channels] = x.shape as Shape4D;
  const [, dyHeight, dyWidth, outChannels] = dy.shape as Shape4D;
  if (kernel === 1 && padding === 0) {
    const rows = samples * dyHeight * dyWidth;
    const read = stride === 1 ? heap.share(x) : gather(heap, x, stride, dyHeight, dyWidth);
    const transposed = transpose(heap, { ...read, shape: [rows, channels] }, [1, 0]);
    heap.free(read);
    const product = matMul(heap, transposed, { ...dy, shape: [rows, outChannels] });
    heap.free(transposed);
    return { ...product, shape: [...filterShape] };
  }
  const turnedPadding = kernel - 1 - padding;
  // XNNPACK's tiles are eight wide: with fewer channels most of each would be empty.
  if (stride === 1 && turnedPadding >= 0 && channels < outChannels && channels % 8 === 0) {
    const images = samplesLast(heap, dy); // [O, H′, W′, N]
    const filters = placesFirst(heap, x); // [H, W, N, C]
    const turned = convolve(heap, images, filters, turnedPadding); // [O, k, k, C], by 180°
    heap.free(images);
    heap.free(filters);
    return replacing(heap, turned, turnToFilter(heap, turned, filterShape));
  }
  // Rows below the last one that any window reaches carry no gradient: cut off after the convolution.
  const bottom = Math.max(0, (dyHeight - 1) * stride + kernel - height - padding);
  const right = Math.max(0, (dyWidth - 1) * stride + kernel - width - padding);
  const images = samplesLast(heap, x); // [C, H, W, N]
  const filters = placesFirst(heap, dy); // [H′, W′, N, O]
  const pads: tf.backend_util.ExplicitPadding = [
    [0, 0],
    [padding, bottom],
    [padding, right],
    [0, 0],
  ];
  const full = convolve(heap, images, filters, pads, { dilation: stride }); // [C, ≥ k, ≥ k, O]
  heap.free(images);
  heap.free(filters);
  return replacing(heap, full, cutToFilter(heap, full, filterShape));
}

/** [M, K] · [K, N] */
export function matMul(heap: WasmHeap, a: tf.TensorInfo, b: tf.TensorInfo): tf.TensorInfo {
  return heap.run("BatchMatMul", { a, b }, { transposeA: false, transposeB: false });
}

export function transpose(heap: WasmHeap, x: tf.TensorInfo, perm: number[]): tf.TensorInfo {
  return heap.run("Transpose", { x }, { perm });
}

/** [N, H, W, C] → [C, H, W, N] */
function samplesLast(heap: WasmHeap, x: tf.TensorInfo): tf.TensorInfo {
  const [samples, height, width, channels] = x.shape as Shape4D;
  if (heap.simd === null || samples % 4 !== 0 || channels % 4 !== 0) return transpose(heap, x, [3, 1, 2, 0]);
  const result = heap.empty([channels, height, width, samples]);
  heap.simd.samplesLast(heap.view(x), heap.view(result), [samples, height * width, channels]);
  return result;
}

/** [N, H, W, C] → [H, W, N, C] */
function placesFirst(heap: WasmHeap, x: tf.TensorInfo): tf.TensorInfo {
  const [samples, height, width, channels] = x.shape as Shape4D;
  if (heap.simd === null || channels % 4 !== 0) return transpose(heap, x, [1, 2, 0, 3]);
  const result = heap.empty([height, width, samples, channels]);
  heap.simd.placesFirst(heap.view(x), heap.view(result), [samples, height * width, channels]);
  return result;
}

type Shape4D = [number, number, number, number];

function replacing(heap: WasmHeap, old: tf.TensorInfo, by: tf.TensorInfo): tf.TensorInfo {
  heap.free(old);
  return by;
}

/** [k, k, C, O] → [k, k, O, C], turned by 180°. */
function turnFilter(heap: WasmHeap, filter: tf.TensorInfo): tf.TensorInfo {
  const [height, width, channels, outChannels] = filter.shape as Shape4D;
  const turned = heap.empty([height, width, outChannels, channels]);
  const [from, to] = [heap.view(filter), heap.view(turned)];
  const taps = height * width;
  const size = channels * outChannels;
  for (let tap = 0; tap < taps; tap++) {
    const source = tap * size;
    const target = (taps - 1 - tap) * size;
    for (let c = 0; c < channels; c++)
      for (let o = 0; o < outChannels; o++)
        to[target + o * channels + c] = from[source + c * outChannels + o]!;
  }
  return turned;
}

/** [C, ≥ k, ≥ k, O] → [k, k, C, O] */
function cutToFilter(heap: WasmHeap, full: tf.TensorInfo, filterShape: readonly number[]): tf.TensorInfo {
  const [height, width, channels, outChannels] = filterShape as Shape4D;
  const [, fullHeight, fullWidth] = full.shape as Shape4D;
  const filter = heap.empty(filterShape);
  const [from, to] = [heap.view(full), heap.view(filter)];
  let at = 0;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < channels; c++) {
        const source = ((c * fullHeight + y) * fullWidth + x) * outChannels;
        for (let o = 0; o < outChannels; o++) to[at++] = from[source + o]!;
      }
  return filter;
}

/** [O, k, k, C], by 180° → [k, k, C, O] */
function turnToFilter(heap: WasmHeap, turned: tf.TensorInfo, filterShape: readonly number[]): tf.TensorInfo {
  const [height, width, channels, outChannels] = filterShape as Shape4D;
  const filter = heap.empty(filterShape);
  const [from, to] = [heap.view(turned), heap.view(filter)];
  const taps = height * width;
  for (let o = 0; o < outChannels; o++)
    for (let tap = 0; tap < taps; tap++) {
      const source = (o * taps + taps - 1 - tap) * channels;
      const target = tap * channels * outChannels + o;
      for (let c = 0; c < channels; c++) to[target + c * outChannels] = from[source + c]!;
    }
  return filter;
}

/** [N, H, W, C] → [N, height, width, C]: place (y, x) goes to (y·s, x·s), as far as there is room, zeros elsewhere. */
function spread(
  heap: WasmHeap,
  x: tf.TensorInfo,
  stride: number,
  height: number,
  width: number,
): tf.TensorInfo {
  const [samples, fromHeight, fromWidth, channels] = x.shape as Shape4D;
  const result = heap.empty([samples, height, width, channels]);
  const [from, to] = [heap.view(x), heap.view(result)];
  to.fill(0);
  copyPlaces(samples, fromHeight, fromWidth, (n, i, j) => {
    const source = ((n * fromHeight + i) * fromWidth + j) * channels;
    const target = ((n * height + i * stride) * width + j * stride) * channels;
    for (let c = 0; c < channels; c++) to[target + c] = from[source + c]!;
  });
  return result;
}

/** [N, H, W, C] → [N, height, width, C]: what is at (y·s, x·s). */
function gather(
  heap: WasmHeap,
  x: tf.TensorInfo,
  stride: number,
  height: number,
  width: number,
): tf.TensorInfo {
  const [samples, fromHeight, fromWidth, channels] = x.shape as Shape4D;
  const result = heap.empty([samples, height, width, channels]);
  const [from, to] = [heap.view(x), heap.view(result)];
  copyPlaces(samples, height, width, (n, i, j) => {
    const source = ((n * fromHeight + i * stride) * fromWidth + j * stride) * channels;
    const target = ((n * height + i) * width + j) * channels;
    for (let c = 0; c < channels; c++) to[target + c] = from[source + c]!;
  });
  return result;
}

function copyPlaces(
  samples: number,
  height: number,
  width: number,
  copy: (n: number, y: number, x: number) => void,
): void {
  for (let n = 0; n < samples; n++)
    for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) copy(n, y, x);
}
