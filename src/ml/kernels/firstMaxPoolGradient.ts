import { invariant } from "../../lib/invariant.ts";
import * as tf from "../tf.ts";

type Pad = "valid" | "same" | number | tf.backend_util.ExplicitPadding;
interface PoolAttributes {
  readonly filterSize: [number, number] | number;
  readonly strides: [number, number] | number;
  readonly pad: Pad;
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
}

const installed = new Set<string>();

/**
 * Makes a backend's max-pool gradient go to the first of equal maxima, as PyTorch's and tfjs's other backends do.
 *
 * The WASM backend of tfjs 4.22 gives it to the last one (src/ml/verify's 8_micro fixtures show it). The gradient of
 * the image turned by 180°, turned back, is the one wanted. Idempotent. Delete when the backend breaks ties as the
 * others do.
 */
export function registerFirstMaxPoolGradient(backendName: string): void {
  if (installed.has(backendName)) return;
  const original = tf.getKernel("MaxPoolGrad", backendName);
  tf.unregisterKernel("MaxPoolGrad", backendName);
  tf.registerKernel({
    ...original,
    kernelFunc: (call) =>
      tf.tidy(() => {
        const input = tensorOf(call.inputs["input"]);
        const attributes = call.attrs as unknown as PoolAttributes;
        const pad = turnedPadding(input.shape, attributes);
        const turned = (tensor: tf.Tensor4D): tf.Tensor4D => tf.reverse(tensor, [1, 2]);
        const inputs = { dy: turned(tensorOf(call.inputs["dy"])), input: turned(input) };
        const gradient = original.kernelFunc({
          inputs,
          backend: call.backend as never,
          attrs: { ...attributes, pad, dimRoundingMode: "floor" } as never,
        }) as tf.TensorInfo;
        return turned(tf.engine().makeTensorFromTensorInfo(gradient) as tf.Tensor4D);
      }),
  });
  installed.add(backendName);
}

/** Pads with which the windows over the turned image are the turned windows, whatever the stride leaves over. */
function turnedPadding(
  shape: [number, number, number, number],
  { filterSize, strides, pad, dimRoundingMode }: PoolAttributes,
): tf.backend_util.ExplicitPadding {
  const info = tf.backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
  const { top, left } = info.padInfo;
  const bottom = (info.outHeight - 1) * info.strideHeight + info.effectiveFilterHeight - info.inHeight - top;
  const right = (info.outWidth - 1) * info.strideWidth + info.effectiveFilterWidth - info.inWidth - left;
  return [
    [0, 0],
    [bottom, top],
    [right, left],
    [0, 0],
  ];
}

function tensorOf(info: tf.TensorInfo | undefined): tf.Tensor4D {
  invariant(info instanceof tf.Tensor, "the max-pool gradient was called without its tensors");
  return info as tf.Tensor4D;
}
