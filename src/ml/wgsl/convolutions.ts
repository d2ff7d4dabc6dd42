import type { Granularity } from "./granularity.ts";
import { isLaunchable, type Kernel } from "./kernel.ts";
import type { Epilogue } from "./activation.ts";
import * as registers from "./convolution.ts";
import type { FilterGradientParts } from "./convolution.ts";
import { flattened, outputSide, type ConvolutionShape } from "./convolutionShape.ts";
import { chooseProductTile, type ProductSize } from "./productTiles.ts";
import { tiledConvolution, tiledFilterGradient, tiledInputGradient } from "./tiledConvolution.ts";
import type { ProductTile } from "./tiledProduct.ts";

/** `convolution` of `convolution.ts`, by whichever kernel suits the adapter and the shape. */
export function convolution(shape: ConvolutionShape, epilogue: Epilogue, granularity: Granularity): Kernel {
  const { pixels, outChannels } = sizesOf(shape);
  const tile = tileFor(shape, granularity, { rows: pixels, columns: outChannels });
  const tiled = tile === null ? null : tiledConvolution(shape, epilogue, tile);
  return tiled !== null && isLaunchable(tiled) ? tiled : registers.convolution(shape, epilogue, granularity);
}

/** `convolutionInputGradient` of `convolution.ts`, likewise. */
export function convolutionInputGradient(
  shape: ConvolutionShape,
  accumulate: boolean,
  granularity: Granularity,
): Kernel {
  const { inPixels, inChannels } = sizesOf(shape);
  const tile = tileFor(shape, granularity, { rows: inPixels, columns: inChannels });
  const tiled = tile === null ? null : tiledInputGradient(shape, accumulate, tile);
  return tiled !== null && isLaunchable(tiled)
    ? tiled
    : registers.convolutionInputGradient(shape, accumulate, granularity);
}

/** `convolutionFilterGradient` of `convolution.ts`, likewise. */
export function convolutionFilterGradient(
  shape: ConvolutionShape,
  granularity: Granularity,
): FilterGradientParts {
  const { inChannels, outChannels } = sizesOf(shape);
  const rows = shape.kernel ** 2 * inChannels;
  const tile = tileFor(shape, granularity, { rows, columns: outChannels, parted: true });
  const tiled =
    tile === null || granularity.tiling === null
      ? null
      : tiledFilterGradient(shape, tile, granularity.tiling.workgroups);
  return tiled !== null && isLaunchable(tiled.kernel)
    ? tiled
    : registers.convolutionFilterGradient(shape, granularity);
}

function tileFor(
  { kernel, padding }: ConvolutionShape,
  { tiling }: Granularity,
  product: ProductSize,
): ProductTile | null {
  if (tiling === null || (kernel === 1 && padding > 0)) return null;
  return chooseProductTile(product, tiling);
}

function sizesOf(given: ConvolutionShape): {
  readonly pixels: number;
  readonly inPixels: number;
  readonly inChannels: number;
  readonly outChannels: number;
} {
  const shape = flattened(given);
  const { samples, height, width, inChannels, outChannels } = shape;
  return {
    pixels: samples * outputSide(height, shape) * outputSide(width, shape),
    inPixels: samples * height * width,
    inChannels,
    outChannels,
  };
}
