import { invariant } from "../../../lib/invariant.ts";
import type { Granularity } from "../../wgsl/granularity.ts";
import { isLaunchable, type Kernel } from "../../wgsl/kernel.ts";
import type { FilterGradientParts } from "../../wgsl/convolution.ts";
import { convolution, convolutionFilterGradient, convolutionInputGradient } from "../../wgsl/convolutions.ts";
import { outputSide, type ConvolutionShape } from "../../wgsl/convolutionShape.ts";
import { depthwise, depthwiseFilterGradient, depthwiseInputGradient } from "../../wgsl/depthwise.ts";
import { resizeRows, sumParts } from "../../wgsl/elementwise.ts";
import * as tf from "../tf.ts";
import { KernelRecorder, type ReadyKernel } from "./kernelRecorder.ts";

type Shape4D = [number, number, number, number];

interface ConvolutionAttributes {
  readonly strides: number | [number, number];
  readonly pad: "valid" | "same" | number | tf.backend_util.ExplicitPadding;
  readonly dilations?: number | [number, number] | null;
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
  readonly dataFormat?: "NHWC" | "NCHW";
  /** Of a gradient by the input. */
  readonly inputShape?: Shape4D;
  /** Of a gradient by the filter. */
  readonly filterShape?: Shape4D;
}

/** One of tfjs's kernels: which tensors it takes, and how ours computes it. */
interface Replacement {
  readonly kernelName: string;
  readonly depthwise: boolean;
  readonly inputs: readonly [string, string];
  readonly kernels: (shape: ConvolutionShape, granularity: Granularity) => Kernel | FilterGradientParts;
  readonly outputShape: (place: tf.backend_util.Conv2DInfo) => readonly number[];
}

const replacements: readonly Replacement[] = [
  {
    kernelName: "Conv2D",
    depthwise: false,
    inputs: ["x", "filter"],
    kernels: (shape, granularity) => convolution(shape, {}, granularity),
    outputShape: ({ outShape }) => outShape,
  },
  {
    kernelName: "Conv2DBackpropInput",
    depthwise: false,
    inputs: ["dy", "filter"],
    kernels: (shape, granularity) => convolutionInputGradient(shape, false, granularity),
    outputShape: ({ inShape }) => inShape,
  },
  {
    kernelName: "Conv2DBackpropFilter",
    depthwise: false,
    inputs: ["x", "dy"],
    kernels: convolutionFilterGradient,
    outputShape: ({ filterShape }) => filterShape,
  },
  {
    kernelName: "DepthwiseConv2dNative",
    depthwise: true,
    inputs: ["x", "filter"],
    kernels: (shape) => depthwise(shape),
    outputShape: ({ outShape }) => outShape,
  },
  {
    kernelName: "DepthwiseConv2dNativeBackpropInput",
    depthwise: true,
    inputs: ["dy", "filter"],
    kernels: (shape) => depthwiseInputGradient(shape, false),
    outputShape: ({ inShape }) => inShape,
  },
  {
    kernelName: "DepthwiseConv2dNativeBackpropFilter",
    depthwise: true,
    inputs: ["x", "dy"],
    kernels: depthwiseFilterGradient,
    outputShape: ({ filterShape }) => filterShape,
  },
];

/** A convolution of one size: launches in a row, what lies between them, the result. */
interface Recipe {
  /** What makes a fourth channel of zeros for images and their filters; null for inputs that need none. */
  readonly fill: readonly [Resize | null, Resize | null];
  readonly launches: readonly ReadyKernel[];
  /** Elements of what the first launch writes for the second; 0 where there is one. */
  readonly partialSums: number;
  /** What takes the fourth channel's part out of a filter's gradient. */
  readonly cut: Resize | null;
  readonly outputShape: readonly number[];
}

interface Resize {
  readonly kernel: ReadyKernel;
  /** Elements before a cut, after a filling. */
  readonly size: number;
}

let installed = false;

/**
 * Has tfjs's convolutions on WebGPU, depthwise ones too, and their gradients run by this project's kernels (the ratios
 * are in docs/PERFORMANCE.md), so that tfjs's own autodiff uses them. What ours do not do is left to tfjs's: channels
 * not in fours (save the three of images), padding that differs between the sides, dilation, channels first. Fused
 * operations of graph models stay as they are. Idempotent, once the backend is registered.
 */
export function registerConvolutionKernels(): void {
  if (installed) return;
  installed = true;
  for (const replacement of replacements) {
    const stock = tf.getKernel(replacement.kernelName, "webgpu");
    tf.unregisterKernel(replacement.kernelName, "webgpu");
    tf.registerKernel({
      ...stock,
      kernelFunc: (call) => {
        const [first, second] = replacement.inputs.map((name) => call.inputs[name]);
        invariant(
          first !== undefined && second !== undefined,
          "a convolution was called without its tensors",
        );
        const recorder = KernelRecorder.of(call.backend);
        const recipe = recipeFor(recorder, replacement, first, second, call.attrs as never);
        return recipe === null ? stock.kernelFunc(call) : follow(recorder, recipe, first, second);
      },
    });
  }
}

function follow(
  recorder: KernelRecorder,
  { fill, launches: [launch, sum], partialSums, cut, outputShape }: Recipe,
  first: tf.TensorInfo,
  second: tf.TensorInfo,
): tf.TensorInfo {
  invariant(launch !== undefined, "a recipe has a launch");
  const output = recorder.tensor(outputShape);
  const passing: tf.TensorInfo[] = [];
  const between = (size: number): tf.TensorInfo => {
    const tensor = recorder.tensor([size]);
    passing.push(tensor);
    return tensor;
  };
  const inputs = [first, second].map((given, i) => {
    const resize = fill[i] ?? null;
    if (resize === null) return given;
    const filled = between(resize.size);
    recorder.run(resize.kernel, [given, filled]);
    return filled;
  });
  const result = cut === null ? output : between(cut.size);
  if (sum === undefined) recorder.run(launch, [...inputs, result]);
  else {
    const sums = between(partialSums);
    recorder.run(launch, [...inputs, sums]);
    recorder.run(sum, [sums, result]);
  }
  if (cut !== null) recorder.run(cut.kernel, [result, output]);
  for (const tensor of passing) recorder.release(tensor);
  return output;
}

/** null where tfjs's own kernel is to do it. */
function recipeFor(
  recorder: KernelRecorder,
  replacement: Replacement,
  first: tf.TensorInfo,
  second: tf.TensorInfo,
  attributes: ConvolutionAttributes,
): Recipe | null {
  if (first.dtype !== "float32" || second.dtype !== "float32") return null;
  if (attributes.dataFormat === "NCHW") return null;
  const place = tf.backend_util.computeConv2DInfo(
    attributes.inputShape ?? (first.shape as Shape4D),
    attributes.filterShape ?? (second.shape as Shape4D),
    attributes.strides,
    attributes.dilations ?? 1,
    attributes.pad,
    attributes.dimRoundingMode,
    replacement.depthwise,
  );
  const shape = shapeOf(place, replacement);
  if (shape === null) return null;
  const key = `${replacement.kernelName} ${place.inChannels} ${Object.values(shape).join()}`; // 3 and 4 are of one shape
  return recorder.once(key, () => {
    const made = replacement.kernels(shape, recorder.granularity);
    const { kernel, parts, size } = "parts" in made ? made : { kernel: made, parts: 1, size: 0 };
    const kernels = parts === 1 ? [kernel] : [kernel, sumParts(parts, size / parts)];
    if (!kernels.every(isLaunchable)) return null;
    const resize = (rows: number, from: number, to: number): Resize | null =>
      from === to
        ? null
        : { kernel: recorder.ready(resizeRows(rows, from, to)), size: rows * Math.max(from, to) };
    const { inChannels } = place;
    const pixels = place.batchSize * place.inHeight * place.inWidth;
    const taps = place.filterHeight * place.filterWidth;
    const [thin, full] = [inChannels * place.outChannels, shape.inChannels * place.outChannels];
    const fill: Record<string, Resize | null> = replacement.depthwise
      ? {}
      : { x: resize(pixels, inChannels, shape.inChannels), filter: resize(taps, thin, full) };
    return {
      fill: [fill[replacement.inputs[0]] ?? null, fill[replacement.inputs[1]] ?? null],
      launches: kernels.map((one) => recorder.ready(one)),
      partialSums: parts === 1 ? 0 : size,
      cut: replacement.inputs[1] === "dy" && !replacement.depthwise ? resize(taps, full, thin) : null,
      outputShape: replacement.outputShape(place),
    };
  });
}

/** null where ours cannot. */
function shapeOf(
  place: tf.backend_util.Conv2DInfo,
  { depthwise: isDepthwise, kernelName }: Replacement,
): ConvolutionShape | null {
  const { outChannels, padInfo } = place;
  const isOfImages = place.inChannels === 3 && !isDepthwise && kernelName !== "Conv2DBackpropInput";
  const inChannels = isOfImages ? 4 : place.inChannels;
  const shape: ConvolutionShape = {
    samples: place.batchSize,
    height: place.inHeight,
    width: place.inWidth,
    inChannels,
    outChannels,
    kernel: place.filterHeight,
    stride: place.strideHeight,
    padding: padInfo.top,
  };
  const fits =
    inChannels % 4 === 0 &&
    outChannels % 4 === 0 &&
    (!isDepthwise || inChannels === outChannels) &&
    place.filterHeight === place.filterWidth &&
    place.strideHeight === place.strideWidth &&
    place.dilationHeight === 1 &&
    place.dilationWidth === 1 &&
    padInfo.top === padInfo.left &&
    place.outHeight === outputSide(place.inHeight, shape) &&
    place.outWidth === outputSide(place.inWidth, shape) &&
    place.batchSize * place.inHeight * place.inWidth * place.outHeight * place.outWidth > 0;
  return fits ? shape : null;
}
