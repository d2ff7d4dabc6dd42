import { AppError } from "../../contract/errors.ts";
import type { BackendName } from "../../contract/backend.ts";
import { invariant } from "../../lib/invariant.ts";
import * as tf from "./tf.ts";

/** Of convolutions and poolings, as far as the size of their result depends on them. */
interface WindowAttributes {
  readonly strides: [number, number] | number;
  readonly pad: "valid" | "same" | number | tf.backend_util.ExplicitPadding;
  /** tfjs's own layers leave it null. */
  readonly dilations?: [number, number] | number | null;
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
  readonly dataFormat?: "NHWC" | "NCHW";
  /** Poolings only; convolutions have a filter. */
  readonly filterSize?: [number, number] | number;
}

const convolutions = ["Conv2D", "FusedConv2D"] as const;
const depthwise = ["DepthwiseConv2dNative", "FusedDepthwiseConv2D"] as const;
const poolings = ["MaxPool", "AvgPool"] as const;

const guarded = new Set<BackendName>();

/**
 * Has a backend refuse convolutions and poolings that leave nothing of an image, as a network does that is asked about
 * images smaller than it was made for. tfjs 4.22 runs them: on WASM a pooling never ends and a fused convolution reads
 * beyond its memory, elsewhere means over nothing follow. Idempotent, once the backend is registered.
 */
export function refuseEmptyResults(backendName: BackendName): void {
  if (guarded.has(backendName)) return;
  guarded.add(backendName);
  for (const kernelName of [...convolutions, ...depthwise, ...poolings]) {
    const stock = tf.getKernel(kernelName, backendName) as tf.KernelConfig | undefined;
    if (stock === undefined) continue;
    const kernelFunc: tf.KernelFunc = (call) => {
      requireResult(kernelName, call.inputs, call.attrs as unknown as WindowAttributes);
      return stock.kernelFunc(call);
    };
    tf.unregisterKernel(kernelName, backendName);
    tf.registerKernel({ ...stock, kernelFunc });
  }
}

function requireResult(
  kernelName: string,
  inputs: tf.NamedTensorInfoMap,
  attributes: WindowAttributes,
): void {
  const { strides, pad, dilations, dimRoundingMode, filterSize } = attributes;
  const format = attributes.dataFormat === "NCHW" ? "channelsFirst" : "channelsLast";
  const x = inputs["x"]?.shape as [number, number, number, number] | undefined;
  const filter = inputs["filter"]?.shape as [number, number, number, number] | undefined;
  invariant(x !== undefined, `${kernelName} was called without an image`);
  const isDepthwise = (depthwise as readonly string[]).includes(kernelName);
  const place =
    filter === undefined
      ? tf.backend_util.computePool2DInfo(x, filterSize ?? 1, strides, 1, pad, dimRoundingMode, format)
      : tf.backend_util.computeConv2DInfo(
          x,
          filter,
          strides,
          dilations ?? 1,
          pad,
          dimRoundingMode,
          isDepthwise,
          format,
        );
  if (place.outHeight > 0 && place.outWidth > 0) return;
  const { inHeight, inWidth, effectiveFilterHeight, effectiveFilterWidth } = place;
  throw new AppError(
    "config-invalid",
    `The images are too small for this network: a layer with a window of ${effectiveFilterHeight}×${effectiveFilterWidth} ` +
      `gets ${inHeight}×${inWidth} values and leaves nothing of them`,
    {
      hint: "Give it larger images: set “Teacher input” to 0 for the teacher's own size, or raise “View size”.",
    },
  );
}
