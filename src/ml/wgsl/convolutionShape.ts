/** A convolution with one group; all tensors NHWC with channels filled up to a multiple of four, weights HWIO. */
export interface ConvolutionShape {
  readonly samples: number;
  readonly height: number;
  readonly width: number;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
}

export function outputSide(
  side: number,
  { kernel, stride, padding }: Pick<ConvolutionShape, "kernel" | "stride" | "padding">,
): number {
  return Math.floor((side + 2 * padding - kernel) / stride) + 1;
}

/** A 1×1 convolution without stride does not know rows from samples: it is a product over one long row of pixels. */
export function flattened(shape: ConvolutionShape): ConvolutionShape {
  const { samples, height, width, kernel, stride, padding } = shape;
  if (kernel !== 1 || stride !== 1 || padding !== 0) return shape;
  return { ...shape, samples: 1, height: 1, width: samples * height * width };
}
