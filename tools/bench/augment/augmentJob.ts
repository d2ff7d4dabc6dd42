import { defaultConfig, publishedConfig } from "../../../src/contract/config.ts";
import { createPrng } from "../../../src/lib/prng.ts";
import {
  drawViewParameters,
  packViews,
  viewAt,
  type View,
  type ViewParameters,
} from "../../../src/ml/augment/viewParameters.ts";
import { demoBlocks } from "../../../src/ml/data/demoBlocks.ts";
import { ImageStore } from "../../../src/ml/data/imageStore.ts";

/** Two random views of each of some images, at the published settings. */
export interface AugmentJob {
  readonly images: number;
  /** Sides in pixels: half as large again as the views, as the page stores them. */
  readonly storedSide: number;
  readonly viewSide: number;
}

/** Sizes a GPU emulated on the CPU can do, or those of STEP-L. */
export function augmentJobFor(hardware: boolean): AugmentJob {
  return hardware
    ? { images: 256, storedSide: 192, viewSide: 128 }
    : { images: 64, storedSide: 96, viewSide: 64 };
}

export interface AugmentData {
  readonly job: AugmentJob;
  readonly images: ImageStore;
  /** [images] */
  readonly indices: Int32Array;
  readonly first: ViewParameters;
  readonly second: ViewParameters;
}

/** The same for every contestant. */
export function createAugmentData(job: AugmentJob): AugmentData {
  const images = new ImageStore(job.storedSide);
  for (const block of demoBlocks({ seed: 1, count: job.images, size: job.storedSide })) images.append(block);
  const prng = createPrng(1, "augment");
  const parameters = (): ViewParameters =>
    inOneOrder(
      drawViewParameters(prng, { ...defaultConfig, ...publishedConfig }, job.storedSide, job.images),
    );
  return {
    job,
    images,
    indices: Int32Array.from({ length: job.images }, (_, i) => i),
    first: parameters(),
    second: parameters(),
  };
}

/** Brightness, contrast, saturation, hue: an order for each image would cost batched operations a pass for each. */
function inOneOrder(parameters: ViewParameters): ViewParameters {
  return packViews(
    viewsOf(parameters).map((view) =>
      view.jitter0 < 0 ? view : { ...view, jitter0: 0, jitter1: 1, jitter2: 2, jitter3: 3 },
    ),
  );
}

export function viewsOf(parameters: ViewParameters): readonly View[] {
  return Array.from({ length: parameters.count }, (_, i) => viewAt(parameters, i));
}
