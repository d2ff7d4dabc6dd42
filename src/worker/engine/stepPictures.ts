import type { StepPictures } from "../../contract/sight.ts";
import { renderViews } from "../../ml/augment/renderViews.ts";
import { onlyView, packViews, wholeView, type ViewParameters } from "../../ml/augment/viewParameters.ts";
import type { ImageStore } from "../../ml/data/imageStore.ts";
import type { StepSeen } from "../../ml/training/train.ts";
import { toRgba } from "./toRgba.ts";

/** Shown at once: a run's beginning is looked at. */
const stepsAtOnce = 3;
const shortestPauseMs = 250;
/** Of the time, what pictures may take. */
const share = 0.01;

/**
 * The first image of a step's batch and its two views, rendered again on the processor from what was drawn for them, as
 * `renderViews` defines it: nothing is read back from a GPU.
 */
export function drawStepPictures(
  images: ImageStore,
  side: number,
  step: number,
  { indices, parameters }: StepSeen,
): StepPictures {
  const index = indices[0] as number;
  const pixels = images.pixelsOf(index);
  const draw = (view: ViewParameters): Uint8ClampedArray<ArrayBuffer> =>
    toRgba(renderViews(pixels, images.size, view, side));
  return {
    step,
    index,
    name: images.nameOf(index),
    label: images.classOf(index),
    side,
    views: [draw(onlyView(parameters.first, 0)), draw(onlyView(parameters.second, 0))],
    plain: draw(packViews([wholeView(images.size, images.size)])),
  };
}

/** Says when a step's pictures are due: the first few at once, then some a second, and never so that steps get slower. */
export class PictureClock {
  private dueMs = 0;

  constructor(private readonly now: () => number) {}

  isDue(step: number): boolean {
    return step <= stepsAtOnce || this.now() >= this.dueMs;
  }

  /** Notes what the pictures that were due have taken. */
  drawn(startMs: number): void {
    const endMs = this.now();
    this.dueMs = endMs + Math.max(shortestPauseMs, (endMs - startMs) / share);
  }
}
