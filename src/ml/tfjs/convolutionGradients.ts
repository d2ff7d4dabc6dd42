import { invariant } from "../../lib/invariant.ts";
import * as tf from "./tf.ts";

/**
 * Gradients of convolutions written with forward convolutions and matrix products only, so that they run on a
 * backend that has no gradient kernels, at the speed of its forward ones.
 *
 * `registerConvolutionGradients` installs them as kernels, so that tfjs's own autodiff of `tf.conv2d` and
 * `tf.depthwiseConv2d` uses them. The WASM backend of tfjs 4.22 has no Conv2DBackpropFilter and no depthwise
 * gradients at all, and its Conv2DBackpropInput runs eight times slower than this (docs/PERFORMANCE.md).
 * Delete when the backend brings its own.
 */

interface Geometry {
  readonly stride: number;
  /** Rows and columns added before and after the input. */
  readonly top: number;
  readonly left: number;
}

function geometry(inputShape: Shape4D, filterShape: Shape4D, attrs: ConvAttrs, depthwise: boolean): Geometry {
  const info = tf.backend_util.computeConv2DInfo(
    inputShape,
    filterShape,
    attrs.strides,
    attrs.dilations ?? 1,
    attrs.pad,
    attrs.dimRoundingMode,
    depthwise,
  );
  invariant(info.strideHeight === info.strideWidth, "convolution strides must be equal in both directions");
  invariant(
    info.dilationHeight === 1 && info.dilationWidth === 1,
    "dilated convolutions have no gradient here",
  );
  return { stride: info.strideHeight, top: info.padInfo.top, left: info.padInfo.left };
}

type Shape4D = [number, number, number, number];
interface ConvAttrs {
  readonly strides: number | [number, number];
  readonly pad: "valid" | "same" | number | tf.backend_util.ExplicitPadding;
  readonly dilations?: number | [number, number];
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
}

/**
 * dX of y = conv(x, w): the upstream gradient, dilated by the stride, convolved with the filter turned by 180° and
 * with its channels exchanged.
 *
 * @param dy [N, H′, W′, O]  @param filter [k, k, C, O]  @returns [N, H, W, C]
 */
export function convInputGradient(
  dy: tf.Tensor4D,
  filter: tf.Tensor4D,
  inputShape: Shape4D,
  place: Geometry,
): tf.Tensor4D {
  const { stride, top, left } = place;
  const [kh, kw] = filter.shape;
  if (kh === 1 && kw === 1 && stride === 1 && top === 0 && left === 0) {
    const [, , channels, outChannels] = filter.shape;
    // Transposed explicitly: XNNPACK's plain product is ten times faster than tfjs's transposed call.
    const weight = tf.transpose(tf.reshape(filter, [channels, outChannels]));
    return tf.reshape(tf.matMul(tf.reshape(dy, [-1, outChannels]), weight), inputShape);
  }
  const turned = tf.reverse(tf.transpose(filter, [0, 1, 3, 2]), [0, 1]);
  const { dilated, pad } = dilate(dy, place, filter.shape, inputShape);
  return tf.conv2d(dilated, turned, 1, pad);
}

/**
 * dW of y = conv(x, w): a convolution whose "images" are the input's channels, whose "channels" are the samples
 * and whose filter is the upstream gradient, dilated by the stride.
 *
 * @param x [N, H, W, C]  @param dy [N, H′, W′, O]  @returns [k, k, C, O]
 */
export function convFilterGradient(
  x: tf.Tensor4D,
  dy: tf.Tensor4D,
  filterShape: Shape4D,
  { stride, top, left }: Geometry,
): tf.Tensor4D {
  const [kh, kw, channels, outChannels] = filterShape;
  const [, height, width] = x.shape;
  const [, dyHeight, dyWidth] = dy.shape;
  if (kh === 1 && kw === 1 && stride === 1 && top === 0 && left === 0) {
    const transposed = tf.transpose(tf.reshape(x, [-1, channels]));
    return tf.reshape(tf.matMul(transposed, tf.reshape(dy, [-1, outChannels])), filterShape);
  }
  // Rows below the last one that any window reaches carry no gradient; negative padding would say so, slices do.
  const bottom = Math.max(0, (dyHeight - 1) * stride + kh - height - top);
  const right = Math.max(0, (dyWidth - 1) * stride + kw - width - left);
  const images = tf.transpose(x, [3, 1, 2, 0]); // [C, H, W, N]
  const filters = tf.transpose(dy, [1, 2, 0, 3]); // [H′, W′, N, O]
  const pad: tf.backend_util.ExplicitPadding = [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ];
  const full = tf.conv2d(images, filters, 1, pad, "NHWC", stride);
  const cut =
    full.shape[1] > kh || full.shape[2] > kw ? tf.slice(full, 0, [channels, kh, kw, outChannels]) : full;
  return tf.transpose(cut, [1, 2, 0, 3]);
}

/**
 * dX of a depthwise convolution: the dilated upstream gradient, depthwise-convolved with the turned filter.
 *
 * @param dy [N, H′, W′, C]  @param filter [k, k, C, 1]  @returns [N, H, W, C]
 */
export function depthwiseInputGradient(
  dy: tf.Tensor4D,
  filter: tf.Tensor4D,
  inputShape: Shape4D,
  place: Geometry,
): tf.Tensor4D {
  const turned = tf.reverse(filter, [0, 1]);
  const { dilated, pad } = dilate(dy, place, filter.shape, inputShape);
  // depthwiseConv2d takes no explicit pads on every backend, so the zeros are laid out beforehand.
  return tf.depthwiseConv2d(tf.pad(dilated, pad), turned, 1, "valid");
}

/**
 * dW of a depthwise convolution: for each tap, the sum over samples and places of x (shifted by the tap) · dy.
 *
 * @param x [N, H, W, C]  @param dy [N, H′, W′, C]  @returns [k, k, C, 1]
 */
export function depthwiseFilterGradient(
  x: tf.Tensor4D,
  dy: tf.Tensor4D,
  filterShape: Shape4D,
  { stride, top, left }: Geometry,
): tf.Tensor4D {
  const [kh, kw, channels] = filterShape;
  const [samples, height, width] = x.shape;
  const [, dyHeight, dyWidth] = dy.shape;
  const bottom = Math.max(0, (dyHeight - 1) * stride + kh - height - top);
  const right = Math.max(0, (dyWidth - 1) * stride + kw - width - left);
  const padded = tf.pad(x, [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ]);
  const rows = samples * dyHeight * dyWidth;
  const ones = tf.ones<tf.Rank.R2>([1, rows]);
  const taps: tf.Tensor2D[] = [];
  for (let i = 0; i < kh; i++) {
    for (let j = 0; j < kw; j++) {
      const end = [samples, i + (dyHeight - 1) * stride + 1, j + (dyWidth - 1) * stride + 1, channels];
      const window =
        stride === 1
          ? tf.slice(padded, [0, i, j, 0], [samples, dyHeight, dyWidth, channels])
          : tf.stridedSlice(padded, [0, i, j, 0], end, [1, stride, stride, 1]);
      taps.push(tf.matMul(ones, tf.reshape<tf.Rank.R2>(tf.mul(window, dy), [rows, channels])));
    }
  }
  return tf.reshape(tf.concat(taps, 0), filterShape);
}

/**
 * `dy` with zeros between (and after) its rows and columns, and the pads that make a stride-1 convolution of it
 * exactly `height` × `width`.
 *
 * @param dy [N, H, W, C]  @returns padded: [N, H·s, W·s, C], or cut to (H−1)·s+1 where the zeros behind the last row
 *   would be too many.
 */
function dilate(
  dy: tf.Tensor4D,
  { stride, top, left }: Geometry,
  [kh, kw]: readonly number[],
  [, height, width]: Shape4D,
): { dilated: tf.Tensor4D; pad: tf.backend_util.ExplicitPadding } {
  const [samples, dyHeight, dyWidth, channels] = dy.shape;
  let dilated = dy;
  if (stride > 1) {
    const wide = tf.pad(tf.reshape(dy, [samples * dyHeight * dyWidth, channels]), [
      [0, 0],
      [0, (stride - 1) * channels],
    ]);
    const tall = tf.pad(tf.reshape(wide, [samples * dyHeight, dyWidth * stride * channels]), [
      [0, 0],
      [0, (stride - 1) * dyWidth * stride * channels],
    ]);
    dilated = tf.reshape(tall, [samples, dyHeight * stride, dyWidth * stride, channels]);
    const mostHeight = height + top;
    const mostWidth = width + left;
    if (dilated.shape[1] > mostHeight || dilated.shape[2] > mostWidth) {
      const size: Shape4D = [samples, (dyHeight - 1) * stride + 1, (dyWidth - 1) * stride + 1, channels];
      dilated = tf.slice<tf.Rank.R4, tf.Tensor4D>(dilated, 0, size); // slow on WASM, and only needed when nothing else fits
    }
  }
  const pad: tf.backend_util.ExplicitPadding = [
    [0, 0],
    [(kh as number) - 1 - top, height + top - dilated.shape[1]],
    [(kw as number) - 1 - left, width + left - dilated.shape[2]],
    [0, 0],
  ];
  return { dilated, pad };
}

interface KernelCall {
  readonly inputs: Record<string, tf.TensorInfo>;
  readonly attrs: Record<string, unknown>;
}

/** A gradient by the input, as tfjs calls it. */
function byInput(gradient: typeof convInputGradient, depthwise: boolean) {
  return ({ inputs, attrs }: KernelCall): tf.Tensor4D => {
    const filter = tensorOf(inputs.filter);
    const inputShape = attrs.inputShape as Shape4D;
    const place = geometry(inputShape, filter.shape, attrs as unknown as ConvAttrs, depthwise);
    return gradient(tensorOf(inputs.dy), filter, inputShape, place);
  };
}

/** A gradient by the filter, as tfjs calls it. */
function byFilter(gradient: typeof convFilterGradient, depthwise: boolean) {
  return ({ inputs, attrs }: KernelCall): tf.Tensor4D => {
    const x = tensorOf(inputs.x);
    const filterShape = attrs.filterShape as Shape4D;
    const place = geometry(x.shape, filterShape, attrs as unknown as ConvAttrs, depthwise);
    return gradient(x, tensorOf(inputs.dy), filterShape, place);
  };
}

/**
 * Installs the gradients above on a backend, in place of whatever it has. Idempotent.
 *
 * @param backendName a registered tfjs backend, e.g. "wasm".
 */
export function registerConvolutionGradients(backendName: string): void {
  const kernels: Record<string, (call: KernelCall) => tf.Tensor4D> = {
    Conv2DBackpropInput: byInput(convInputGradient, false),
    Conv2DBackpropFilter: byFilter(convFilterGradient, false),
    DepthwiseConv2dNativeBackpropInput: byInput(depthwiseInputGradient, true),
    DepthwiseConv2dNativeBackpropFilter: byFilter(depthwiseFilterGradient, true),
  };
  for (const [kernelName, compute] of Object.entries(kernels)) {
    const existing = tf.getKernel(kernelName, backendName) as tf.KernelConfig | undefined;
    if (existing !== undefined) tf.unregisterKernel(kernelName, backendName);
    tf.registerKernel({
      kernelName,
      backendName,
      kernelFunc: (call) => tf.tidy(() => compute(call as unknown as KernelCall)),
    });
  }
}

/** Kernels are handed bare tensor infos; inside tfjs's engine they are always tensors. */
function tensorOf(info: tf.TensorInfo | undefined): tf.Tensor4D {
  invariant(info instanceof tf.Tensor, "a convolution gradient was called without its tensors");
  return info as tf.Tensor4D;
}
