import type { Config } from "../../contract/config.ts";
import type { Prng } from "../../lib/prng.ts";
import { drawCrop } from "./randomCrop.ts";

export type AugmentationOptions = Pick<
  Config,
  | "cropScaleMin"
  | "cropScaleMax"
  | "cropRatioMin"
  | "cropRatioMax"
  | "jitterProbability"
  | "brightness"
  | "contrast"
  | "saturation"
  | "hue"
  | "grayscaleProbability"
  | "blurProbability"
  | "blurSigmaMin"
  | "blurSigmaMax"
  | "flipProbability"
>;

/** What was drawn for one view, in the order things are done. */
export const viewColumns = [
  "cropTop", // source pixels
  "cropLeft",
  "cropHeight",
  "cropWidth",
  "jitter0", // the first colour operation, a `jitterOperations` index; −1 = none
  "jitter1",
  "jitter2",
  "jitter3",
  "brightness", // factor
  "contrast", // factor
  "saturation", // factor
  "hue", // turns
  "grayscale", // 0 or 1
  "blurSigma", // pixels of the view; 0 = no blur
  "blurRadius", // pixels; the kernel has 2·radius + 1 taps
  "flip", // 0 or 1
] as const;
type ViewColumn = (typeof viewColumns)[number];

/** Numbered as torchvision numbers them. */
export const jitterOperations = ["brightness", "contrast", "saturation", "hue"] as const;

/** One row of `viewColumns` per view. */
export interface ViewParameters {
  readonly count: number;
  /** [count, viewColumns.length] row-major. */
  readonly values: Float32Array<ArrayBuffer>;
}

/** Of two views of each image. */
export interface ViewParametersPair {
  readonly first: ViewParameters;
  readonly second: ViewParameters;
}

/** One view's row by name. */
export type View = Readonly<Record<ViewColumn, number>>;

export function viewAt(parameters: ViewParameters, row: number): View {
  const start = row * viewColumns.length;
  return Object.fromEntries(
    viewColumns.map((column, i) => [column, parameters.values[start + i]!]),
  ) as unknown as View;
}

/** The whole picture, nothing changed. */
export function wholeView(sourceHeight: number, sourceWidth: number): View {
  return {
    cropTop: 0,
    cropLeft: 0,
    cropHeight: sourceHeight,
    cropWidth: sourceWidth,
    jitter0: -1,
    jitter1: -1,
    jitter2: -1,
    jitter3: -1,
    brightness: 1,
    contrast: 1,
    saturation: 1,
    hue: 0,
    grayscale: 0,
    blurSigma: 0,
    blurRadius: 0,
    flip: 0,
  };
}

/** The parameters of one of several views, by itself. */
export function onlyView({ values }: ViewParameters, row: number): ViewParameters {
  return { count: 1, values: values.slice(row * viewColumns.length, (row + 1) * viewColumns.length) };
}

export function packViews(views: readonly View[]): ViewParameters {
  const values = Float32Array.from(views.flatMap((view) => viewColumns.map((column) => view[column])));
  return { count: views.length, values };
}

/**
 * Draws the random view of `count` images, each for itself, as torchvision does: RandomResizedCrop, ColorJitter in
 * a random order (with a probability), grayscale, Gaussian blur, horizontal flip.
 *
 * torchvision's and PIL's blurs differ; the kernel here reaches ⌈3σ⌉ pixels, so that σ means what it says.
 *
 * @param sourceSize side of the square images, in pixels.
 */
export function drawViewParameters(
  prng: Prng,
  options: AugmentationOptions,
  sourceSize: number,
  count: number,
): ViewParameters {
  const views: View[] = [];
  for (let i = 0; i < count; i++) views.push(drawView(prng, options, sourceSize));
  return packViews(views);
}

function drawView(prng: Prng, options: AugmentationOptions, sourceSize: number): View {
  const crop = drawCrop(prng, sourceSize, sourceSize, {
    scale: [options.cropScaleMin, options.cropScaleMax],
    ratio: [options.cropRatioMin, options.cropRatioMax],
  });
  const happens = (probability: number): boolean => prng.uniform() < probability;
  const factor = (strength: number): number => prng.between(Math.max(0, 1 - strength), 1 + strength);

  const jitter = happens(options.jitterProbability);
  const [jitter0, jitter1, jitter2, jitter3] = jitter
    ? (prng.permutation(4) as unknown as readonly [number, number, number, number])
    : ([-1, -1, -1, -1] as const);
  const colour = jitter
    ? {
        brightness: factor(options.brightness),
        contrast: factor(options.contrast),
        saturation: factor(options.saturation),
        hue: prng.between(-options.hue, options.hue),
      }
    : { brightness: 1, contrast: 1, saturation: 1, hue: 0 };
  const grayscale = happens(options.grayscaleProbability) ? 1 : 0;
  const blurSigma = happens(options.blurProbability)
    ? prng.between(options.blurSigmaMin, options.blurSigmaMax)
    : 0;
  const flip = happens(options.flipProbability) ? 1 : 0;
  return {
    cropTop: crop.top,
    cropLeft: crop.left,
    cropHeight: crop.height,
    cropWidth: crop.width,
    jitter0,
    jitter1,
    jitter2,
    jitter3,
    ...colour,
    grayscale,
    blurSigma,
    blurRadius: Math.ceil(3 * blurSigma),
    flip,
  };
}
