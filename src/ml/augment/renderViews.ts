import { invariant } from "../../lib/invariant.ts";
import { adjustBrightness, adjustContrast, adjustHue, adjustSaturation, toGrayscale } from "./colour.ts";
import { cropResize } from "./cropResize.ts";
import { gaussianBlur } from "./gaussianBlur.ts";
import { viewAt, type View, type ViewParameters } from "./viewParameters.ts";

/**
 * Renders one random view of each image.
 *
 * torchvision's float pipeline: crop → antialiased bilinear resize → colour operations in the view's own order,
 * clamping after each → grayscale → Gaussian blur → horizontal flip. (The authors augment 8-bit PIL images, which
 * rounds after every step and approximates the blur.) Plain loops, so the same bits come out on every backend.
 *
 * @param pixels [count, sourceSize, sourceSize, 3] RGB bytes.
 * @param parameters `count` rows.
 * @param viewSize side of the views, pixels.
 * @param out filled instead of a new array when given.
 * @returns [count, viewSize, viewSize, 3] RGB in [0, 1].
 */
export function renderViews(
  pixels: Uint8Array,
  sourceSize: number,
  parameters: ViewParameters,
  viewSize: number,
  out = new Float32Array(parameters.count * viewSize * viewSize * 3),
): Float32Array {
  const { count } = parameters;
  const sourceLength = sourceSize * sourceSize * 3;
  const viewLength = viewSize * viewSize * 3;
  invariant(
    pixels.length === count * sourceLength,
    `${pixels.length} bytes are not ${count} images of ${sourceSize} px`,
  );
  invariant(
    out.length === count * viewLength,
    `${out.length} values do not hold ${count} views of ${viewSize} px`,
  );
  const scratch = new Float32Array(Math.max(sourceSize, viewSize) * viewSize * 3);
  for (let i = 0; i < count; i++) {
    renderView(
      { values: pixels, offset: i * sourceLength, width: sourceSize, scale: 1 / 255 },
      viewAt(parameters, i),
      { values: out, offset: i * viewLength, size: viewSize },
      scratch,
    );
  }
  return out;
}

export interface Picture {
  /** RGB, interleaved, row by row from `offset` on. */
  readonly values: Uint8Array | Float32Array;
  readonly offset: number;
  /** Pixels a row. */
  readonly width: number;
  /** What makes a value of 1 out of the brightest: 1/255 for bytes. */
  readonly scale: number;
}

/**
 * Renders one view of one picture.
 *
 * @param scratch at least max(crop height, view size) · view size · 3 values; what is in them is lost.
 */
export function renderView(
  picture: Picture,
  view: View,
  target: { readonly values: Float32Array; readonly offset: number; readonly size: number },
  scratch: Float32Array,
): void {
  const { values, offset, size } = target;
  const end = offset + size * size * 3;
  cropResize({
    source: picture.values,
    sourceOffset: picture.offset,
    sourceWidth: picture.width,
    scale: picture.scale,
    box: { top: view.cropTop, left: view.cropLeft, height: view.cropHeight, width: view.cropWidth },
    flip: view.flip === 1, // here already: nothing after it tells left from right
    antialias: true,
    height: size,
    width: size,
    out: values,
    outOffset: offset,
    scratch,
  });
  for (const operation of [view.jitter0, view.jitter1, view.jitter2, view.jitter3]) {
    if (operation === 0) adjustBrightness(values, offset, end, view.brightness);
    else if (operation === 1) adjustContrast(values, offset, end, view.contrast);
    else if (operation === 2) adjustSaturation(values, offset, end, view.saturation);
    else if (operation === 3) adjustHue(values, offset, end, view.hue);
  }
  if (view.grayscale === 1) toGrayscale(values, offset, end);
  if (view.blurSigma > 0) {
    const { blurSigma: sigma, blurRadius: radius } = view;
    gaussianBlur({ pixels: values, offset, height: size, width: size, sigma, radius, scratch });
  }
}
