import { invariant } from "../../lib/invariant.ts";
import * as tf from "../tf.ts";

interface PoolAttributes {
  readonly filterSize: [number, number] | number;
  readonly strides: [number, number] | number;
  readonly pad: "valid" | "same" | number | tf.backend_util.ExplicitPadding;
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
}

/** What this kernel needs of tfjs's WASM backend. */
interface WasmHeap {
  makeOutput(shape: number[], dtype: "float32"): tf.TensorInfo;
  /** A view of the heap; void once anything is allocated. */
  typedArrayFromHeap(info: tf.TensorInfo): Float32Array;
}

/**
 * Gives the WASM backend a right max-pool gradient: dy goes to the first of each window's largest values, as in
 * PyTorch and in tfjs's other backends.
 *
 * tfjs 4.22's own gives it to the last of equal values, and where no value is positive to the window's first,
 * whatever is largest ([−4, −3, −2, −1] → the −4). Idempotent. Delete when the test beside passes without it.
 */
export function registerMaxPoolGradient(backendName: "wasm"): void {
  tf.unregisterKernel("MaxPoolGrad", backendName);
  tf.registerKernel({
    kernelName: "MaxPoolGrad",
    backendName,
    kernelFunc: ({ inputs, attrs, backend }) => {
      const { dy, input } = inputs;
      invariant(dy !== undefined && input !== undefined, "the max-pool gradient was called without tensors");
      const { filterSize, strides, pad, dimRoundingMode } = attrs as unknown as PoolAttributes;
      const shape = input.shape as [number, number, number, number];
      const place = tf.backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
      const heap = backend as unknown as WasmHeap;
      const dx = heap.makeOutput(shape, "float32");
      toFirstLargest(
        heap.typedArrayFromHeap(input),
        heap.typedArrayFromHeap(dy),
        heap.typedArrayFromHeap(dx),
        place,
      );
      return dx;
    },
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
  for (let n = 0, to = 0; n < batchSize; n++)
    for (let row = 0; row < outHeight; row++) {
      const top = row * place.strideHeight - padInfo.top;
      const [rowBegin, rowEnd] = [Math.max(0, top), Math.min(inHeight, top + place.filterHeight)];
      for (let column = 0; column < outWidth; column++) {
        const left = column * place.strideWidth - padInfo.left;
        const [columnBegin, columnEnd] = [Math.max(0, left), Math.min(inWidth, left + place.filterWidth)];
        for (let c = 0; c < channels; c++, to++) {
          let largest = -Infinity;
          let from = -1;
          for (let y = rowBegin; y < rowEnd; y++) {
            let at = ((n * inHeight + y) * inWidth + columnBegin) * channels + c;
            for (let i = columnBegin; i < columnEnd; i++, at += channels)
              if (x[at]! > largest) {
                largest = x[at]!;
                from = at;
              }
          }
          if (from >= 0) dx[from]! += dy[to]!;
        }
      }
    }
}
