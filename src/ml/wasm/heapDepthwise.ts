import type * as tf from "../tfjs/tf.ts";
import type { Tap } from "./depthwiseCode.ts";
import type { WasmHeap } from "./wasmHeap.ts";

/** How a filter lies on a picture; padding is symmetric. */
export interface ConvPlace {
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  /** 1, or as many as there are channels, each with a filter of its own; default 1. */
  readonly groups?: number;
}

/**
 * The gradients of depthwise convolutions, each channel by a filter of its own, on WASM's memory. The caller owns what is
 * returned.
 *
 * @param filter [k, k, C, 1]
 */

/** dX[y·s + i − p, x·s + j − p] = Σ dY[y, x] · filter[i, j] */
export function depthwiseInputGradient(
  heap: WasmHeap,
  dy: tf.TensorInfo,
  filter: tf.TensorInfo,
  inputShape: readonly number[],
  place: ConvPlace,
): tf.TensorInfo {
  const { kernel, stride, padding } = place;
  if (stride === 1 && padding < kernel) {
    const turned = turnFilter(heap, filter);
    const attributes = { strides: [1, 1], pad: kernel - 1 - padding, dilations: [1, 1] };
    const dx = heap.run("DepthwiseConv2dNative", { x: dy, filter: turned }, attributes);
    heap.free(turned);
    return dx;
  }
  const dx = heap.empty(inputShape);
  heap.view(dx).fill(0);
  forTaps(dy.shape, inputShape, place, heap.view(dy), heap.view(dx), (tap) => {
    addTap(heap, heap.view(filter), tap);
  });
  return dx;
}

/** dFilter[i, j] = Σ dY[y, x] · X[y·s + i − p, x·s + j − p], over all samples. */
export function depthwiseFilterGradient(
  heap: WasmHeap,
  x: tf.TensorInfo,
  dy: tf.TensorInfo,
  filterShape: readonly number[],
  place: ConvPlace,
): tf.TensorInfo {
  const gradient = heap.empty(filterShape);
  heap.view(gradient).fill(0);
  forTaps(dy.shape, x.shape, place, heap.view(dy), heap.view(x), (tap) => {
    correlateTap(heap, heap.view(gradient), tap);
  });
  return gradient;
}

function forTaps(
  gradientShape: readonly number[],
  pictureShape: readonly number[],
  { kernel, stride, padding }: ConvPlace,
  a: Float32Array,
  b: Float32Array,
  work: (tap: Tap) => void,
): void {
  const [samples, aHeight, aWidth, channels] = gradientShape as Shape4D;
  const [, height, width] = pictureShape as Shape4D;
  const [aLine, bLine] = [aWidth * channels, stride * width * channels];
  const bStep = stride * channels;
  for (let n = 0; n < samples; n++)
    for (let i = 0; i < kernel; i++) {
      const rows = meeting(aHeight, height, i - padding, stride);
      for (let j = 0; j < kernel; j++) {
        const columns = meeting(aWidth, width, j - padding, stride);
        if (rows.count <= 0 || columns.count <= 0) continue;
        const [y, x] = [rows.first * stride + i - padding, columns.first * stride + j - padding];
        work({
          a,
          inA: ((n * aHeight + rows.first) * aWidth + columns.first) * channels,
          b,
          inB: ((n * height + y) * width + x) * channels,
          lines: rows.count,
          columns: columns.count,
          aLine,
          bLine,
          bStep,
          channels,
          inFilter: (i * kernel + j) * channels,
        });
      }
    }
}

/** Which of `count` places, `stride` apart and moved by `offset`, lie in a line of `length`. */
function meeting(
  count: number,
  length: number,
  offset: number,
  stride: number,
): { readonly first: number; readonly count: number } {
  const first = Math.max(0, Math.ceil(-offset / stride));
  const last = Math.min(count - 1, Math.floor((length - 1 - offset) / stride));
  return { first, count: last - first + 1 };
}

/** b += a · filter at every place where the tap meets the picture. */
function addTap(heap: WasmHeap, filter: Float32Array, tap: Tap): void {
  if (heap.simd?.suits(tap.channels)) {
    heap.simd.addTap(filter, tap);
    return;
  }
  const { a, b } = tap;
  forPlaces(tap, (inA, inB, c) => (b[inB]! += a[inA]! * filter[c]!));
}

/** gradient += Σ a · b over these places. */
function correlateTap(heap: WasmHeap, gradient: Float32Array, tap: Tap): void {
  if (heap.simd?.suits(tap.channels)) {
    heap.simd.correlateTap(gradient, tap);
    return;
  }
  const { a, b } = tap;
  forPlaces(tap, (inA, inB, c) => (gradient[c]! += a[inA]! * b[inB]!));
}

function forPlaces(tap: Tap, work: (inA: number, inB: number, inFilter: number) => void): void {
  const { lines, columns, aLine, bLine, bStep, channels } = tap;
  for (let line = 0; line < lines; line++)
    for (let column = 0; column < columns; column++)
      for (let c = 0; c < channels; c++)
        work(
          tap.inA + line * aLine + column * channels + c,
          tap.inB + line * bLine + column * bStep + c,
          tap.inFilter + c,
        );
}

type Shape4D = [number, number, number, number];

/** [k, k, C, 1], turned by 180°. */
function turnFilter(heap: WasmHeap, filter: tf.TensorInfo): tf.TensorInfo {
  const turned = heap.empty(filter.shape);
  const [from, to] = [heap.view(filter), heap.view(turned)];
  const channels = filter.shape[2] as number;
  for (let at = 0; at < from.length; at += channels)
    to.set(from.subarray(at, at + channels), from.length - channels - at);
  return turned;
}
