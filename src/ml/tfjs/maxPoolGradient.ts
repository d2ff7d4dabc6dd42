import { invariant } from "../../lib/invariant.ts";
import * as tf from "./tf.ts";
import { WasmHeap } from "../wasm/wasmHeap.ts";

interface PoolAttributes {
  readonly filterSize: [number, number] | number;
  readonly strides: [number, number] | number;
  readonly pad: "valid" | "same" | number | tf.backend_util.ExplicitPadding;
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
}

const installed = new Set<string>();

/**
 * Gives a backend a right max-pool gradient: dy goes to the first of each window's largest values, as in PyTorch and
 * in tfjs's cpu backend.
 *
 * tfjs 4.22's WebGPU and WebGL kernels give it to the last of equal values. Its WASM kernel does so too, and where no
 * value is positive gives it to the window's first, whatever is largest ([−4, −3, −2, −1] → the −4). Idempotent, once
 * the backend is registered. Delete when the tests pass without it.
 */
export function registerMaxPoolGradient(backendName: "wasm" | "webgl" | "webgpu"): void {
  if (installed.has(backendName)) return;
  installed.add(backendName);
  const original = tf.getKernel("MaxPoolGrad", backendName);
  tf.unregisterKernel("MaxPoolGrad", backendName);
  tf.registerKernel({
    ...original,
    kernelFunc: ({ inputs, attrs, backend }) => {
      const { dy, input } = inputs;
      invariant(dy !== undefined && input !== undefined, "the max-pool gradient was called without tensors");
      const { filterSize, strides, pad, dimRoundingMode } = attrs as unknown as PoolAttributes;
      const shape = input.shape as [number, number, number, number];
      const place = tf.backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
      if (backendName === "wasm") return onHeap(WasmHeap.of(backend), dy, input, place);
      return turned(dy, input, place, (turnedDy, turnedInput, turnedPad) =>
        original.kernelFunc({
          inputs: { dy: turnedDy, input: turnedInput },
          attrs: { filterSize, strides, pad: turnedPad, dimRoundingMode: "floor" },
          backend,
        }),
      );
    },
  });
}

function onHeap(
  heap: WasmHeap,
  dy: tf.TensorInfo,
  input: tf.TensorInfo,
  place: tf.backend_util.Conv2DInfo,
): tf.TensorInfo {
  const dx = heap.empty(input.shape);
  const [x, upstream, result] = [heap.view(input), heap.view(dy), heap.view(dx)];
  const { inHeight, inWidth, inChannels: channels, outHeight, outWidth, padInfo } = place;
  const { filterHeight: kernelHeight, filterWidth: kernelWidth } = place;
  const isSideBySide =
    [padInfo.top, padInfo.bottom, padInfo.left, padInfo.right].every((side) => side === 0) &&
    (outHeight === 1 || place.strideHeight === kernelHeight) &&
    (outWidth === 1 || place.strideWidth === kernelWidth);
  if (!isSideBySide || heap.simd?.suits(channels) !== true) {
    toFirstLargest(x, upstream, result, place);
    return dx;
  }
  const isCovered = outHeight * kernelHeight === inHeight && outWidth * kernelWidth === inWidth;
  if (!isCovered) result.fill(0);
  heap.simd.firstLargest(x, upstream, result, {
    samples: place.batchSize,
    height: inHeight,
    width: inWidth,
    channels,
    rows: outHeight,
    columns: outWidth,
    kernelHeight,
    kernelWidth,
  });
  return dx;
}

/** Where the last of equals wins: the gradient of the picture turned by 180°, turned back. */
function turned(
  dy: tf.TensorInfo,
  input: tf.TensorInfo,
  place: tf.backend_util.Conv2DInfo,
  gradient: (
    dy: tf.Tensor4D,
    input: tf.Tensor4D,
    pad: tf.backend_util.ExplicitPadding,
  ) => tf.TensorInfo | tf.TensorInfo[],
): tf.Tensor4D {
  invariant(dy instanceof tf.Tensor && input instanceof tf.Tensor, "kernels are given tensors");
  const { padInfo, outHeight, outWidth, strideHeight, strideWidth, inHeight, inWidth } = place;
  // What the stride leaves over at the end stands at the beginning of the turned picture; it may be negative.
  const bottom = (outHeight - 1) * strideHeight + place.effectiveFilterHeight - inHeight - padInfo.top;
  const right = (outWidth - 1) * strideWidth + place.effectiveFilterWidth - inWidth - padInfo.left;
  const pad: tf.backend_util.ExplicitPadding = [
    [0, 0],
    [bottom, padInfo.top],
    [right, padInfo.left],
    [0, 0],
  ];
  const turn = (tensor: tf.Tensor): tf.Tensor4D => tf.reverse(tensor as tf.Tensor4D, [1, 2]);
  return tf.tidy(() => {
    const dx = gradient(turn(dy as tf.Tensor), turn(input as tf.Tensor), pad) as tf.TensorInfo;
    return turn(tf.engine().makeTensorFromTensorInfo(dx));
  });
}

/** @param x [N, H, W, C]  @param dy [N, H′, W′, C]  @param dx like x; overwritten. */
function toFirstLargest(
  x: Float32Array,
  dy: Float32Array,
  dx: Float32Array,
  place: tf.backend_util.Conv2DInfo,
): void {
  const { batchSize, inHeight, inWidth, inChannels: channels, outHeight, outWidth, padInfo } = place;
  dx.fill(0);
  // Of one window, for each channel: with channels innermost, memory is read as it lies.
  const largest = new Float32Array(channels);
  const from = new Int32Array(channels);
  for (let n = 0, to = 0; n < batchSize; n++)
    for (let row = 0; row < outHeight; row++) {
      const top = row * place.strideHeight - padInfo.top;
      const [rowBegin, rowEnd] = [Math.max(0, top), Math.min(inHeight, top + place.filterHeight)];
      for (let column = 0; column < outWidth; column++) {
        const left = column * place.strideWidth - padInfo.left;
        const [columnBegin, columnEnd] = [Math.max(0, left), Math.min(inWidth, left + place.filterWidth)];
        largest.fill(-Infinity);
        from.fill(-1);
        for (let y = rowBegin; y < rowEnd; y++) {
          let at = ((n * inHeight + y) * inWidth + columnBegin) * channels;
          for (let i = columnBegin; i < columnEnd; i++)
            for (let c = 0; c < channels; c++, at++) {
              const value = x[at]!;
              if (value > largest[c]!) {
                largest[c] = value;
                from[c] = at;
              }
            }
        }
        for (let c = 0; c < channels; c++, to++) if (from[c]! >= 0) dx[from[c]!]! += dy[to]!;
      }
    }
}
