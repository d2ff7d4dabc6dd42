import type * as tf from "../tfjs/tf.ts";
import { addProducts, writeAffine } from "./channelLoops.ts";
import { transpose, matMul } from "./heapConvolution.ts";
import type { WasmHeap } from "./wasmHeap.ts";

/** Small steps between convolutions, as plain loops over WASM's memory. The caller owns what is returned. */

/** y = max(x, 0); may be x itself. NaN stays, so that divergence shows. */
export function clampBelowZero(heap: WasmHeap, x: tf.TensorInfo, y: tf.TensorInfo): void {
  const [from, to] = [heap.view(x), heap.view(y)];
  for (let i = 0; i < from.length; i++) to[i] = Math.max(0, from[i]!);
}

/** d where y = max(x, 0) is positive, else 0. */
export function zeroWhereClamped(heap: WasmHeap, d: tf.TensorInfo, y: tf.TensorInfo): tf.TensorInfo {
  const result = heap.isUnshared(d) ? heap.share(d) : heap.empty(d.shape);
  const [from, mask, to] = [heap.view(d), heap.view(y), heap.view(result)];
  for (let i = heap.simd?.mask(from, mask, to) ?? 0; i < from.length; i++)
    to[i] = mask[i]! > 0 ? from[i]! : 0;
  return result;
}

/** to = max(a + b, lowest); may be one of them. */
export function addInto(
  heap: WasmHeap,
  a: tf.TensorInfo,
  b: tf.TensorInfo,
  to: tf.TensorInfo,
  lowest = -Infinity,
): void {
  const [x, y, sum] = [heap.view(a), heap.view(b), heap.view(to)];
  for (let i = heap.simd?.add(x, y, sum, lowest) ?? 0; i < x.length; i++)
    sum[i] = Math.max(lowest, x[i]! + y[i]!);
}

/** Adds a vector [C] to every row of x […, C], in place. */
export function addVector(heap: WasmHeap, x: tf.TensorInfo, vector: tf.TensorInfo): void {
  const [rows, added] = [heap.view(x), heap.view(vector)];
  for (let i = 0; i < rows.length;) for (let c = 0; c < added.length; c++) rows[i++]! += added[c]!;
}

/** [‥, C] → [C] */
export function columnSums(heap: WasmHeap, x: tf.TensorInfo): tf.TensorInfo {
  const channels = x.shape.at(-1) as number;
  const result = heap.empty([channels]);
  const [from, to] = [heap.view(x), heap.view(result)];
  const sums = new Float64Array(channels);
  for (let i = 0; i < from.length;) for (let c = 0; c < channels; c++) sums[c]! += from[i++]!;
  to.set(sums);
  return result;
}

/** [N, H, W, C] → [N, C] */
export function poolMeans(heap: WasmHeap, x: tf.TensorInfo): tf.TensorInfo {
  const [samples, height, width, channels] = x.shape as [number, number, number, number];
  const result = heap.empty([samples, channels]);
  const [from, to] = [heap.view(x), heap.view(result)];
  const places = height * width;
  const sums = new Float64Array(channels);
  let at = 0;
  for (let n = 0; n < samples; n++) {
    sums.fill(0);
    for (let place = 0; place < places; place++) for (let c = 0; c < channels; c++) sums[c]! += from[at++]!;
    for (let c = 0; c < channels; c++) to[n * channels + c] = sums[c]! / places;
  }
  return result;
}

/** The gradient of `poolMeans`: d/HW at every place. @param shape [N, H, W, C] */
export function spreadMeans(heap: WasmHeap, d: tf.TensorInfo, shape: readonly number[]): tf.TensorInfo {
  const [samples, height, width, channels] = shape as [number, number, number, number];
  const result = heap.empty(shape);
  const [from, to] = [heap.view(d), heap.view(result)];
  const places = height * width;
  let at = 0;
  for (let n = 0; n < samples; n++)
    for (let place = 0; place < places; place++)
      for (let c = 0; c < channels; c++) to[at++] = from[n * channels + c]! / places;
  return result;
}

/** Each sample's channels times its gate: [N, H, W, C] · [N, C]. */
export function gateChannels(heap: WasmHeap, x: tf.TensorInfo, gate: tf.TensorInfo): tf.TensorInfo {
  const result = heap.empty(x.shape);
  const [from, gates, to] = [heap.view(x), heap.view(gate), heap.view(result)];
  forSamples(x.shape, (begin, end, n, channels) => {
    const factor = Float64Array.from(gates.subarray(n * channels, (n + 1) * channels));
    writeAffine(heap.simd, from, to, begin, end, factor, new Float64Array(channels));
  });
  return result;
}

/** The gradients of `gateChannels`: dx = d · gate, dGate = Σ d · x over a sample's places. */
export function gateGradients(
  heap: WasmHeap,
  d: tf.TensorInfo,
  x: tf.TensorInfo,
  gate: tf.TensorInfo,
): { readonly dx: tf.TensorInfo; readonly dGate: tf.TensorInfo } {
  const dGate = heap.empty(gate.shape);
  const [upstream, from, to] = [heap.view(d), heap.view(x), heap.view(dGate)];
  forSamples(x.shape, (begin, end, n, channels) => {
    const [sum, products] = [new Float64Array(channels), new Float64Array(channels)];
    addProducts(heap.simd, upstream, from, begin, end, new Float64Array(channels), sum, products);
    to.set(products, n * channels);
  });
  return { dx: gateChannels(heap, d, gate), dGate };
}

/** `work` is given where a sample [H, W, C] begins and ends. */
function forSamples(
  shape: readonly number[],
  work: (begin: number, end: number, sample: number, channels: number) => void,
): void {
  const [samples, height, width, channels] = shape as [number, number, number, number];
  const size = height * width * channels;
  for (let n = 0; n < samples; n++) work(n * size, (n + 1) * size, n, channels);
}

/** aᵀ·b or a·bᵀ, both [rows, columns]. */
export function productWithTransposed(
  heap: WasmHeap,
  which: "a" | "b",
  a: tf.TensorInfo,
  b: tf.TensorInfo,
): tf.TensorInfo {
  const turned = transpose(heap, which === "a" ? a : b, [1, 0]);
  // A copy has a data id of its own: XNNPACK would take the same data in another shape for the packed one.
  const product = which === "a" ? matMul(heap, turned, b) : matMul(heap, a, turned);
  heap.free(turned);
  return product;
}
