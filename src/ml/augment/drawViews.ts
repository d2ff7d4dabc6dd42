import type { Prng } from "../../lib/prng.ts";
import type { ViewPair } from "./viewPair.ts";
import type * as tf from "../tfjs/tf.ts";
import {
  drawViewParameters,
  packViews,
  wholeView,
  type AugmentationOptions,
  type View,
  type ViewParametersPair,
} from "./viewParameters.ts";
import type { ViewSource } from "./viewSource.ts";

/** Two random views of each image. */
export function drawViews(
  source: ViewSource,
  indices: Int32Array,
  prng: Prng,
  options: AugmentationOptions,
): ViewPair {
  const { first, second } = drawPair(source, indices.length, prng, options);
  return source.renderPair(indices, first, second);
}

/** What two random views of each image are rendered from. The first views' parameters are all drawn before the second's. */
export function drawPair(
  { sourceSize }: ViewSource,
  count: number,
  prng: Prng,
  options: AugmentationOptions,
): ViewParametersPair {
  const first = drawViewParameters(prng, options, sourceSize, count);
  const second = drawViewParameters(prng, options, sourceSize, count);
  return { first, second };
}

/** One random view of each image: [N, V, V, 3] in [0, 1]. */
export function drawView(
  source: ViewSource,
  indices: Int32Array,
  prng: Prng,
  options: AugmentationOptions,
): tf.Tensor4D {
  return source.render(indices, drawViewParameters(prng, options, source.sourceSize, indices.length));
}

/** The whole of each image, resized only, which is what evaluation sees: [N, V, V, 3] in [0, 1]. */
export function plainViews(source: ViewSource, indices: Int32Array): tf.Tensor4D {
  const whole = wholeView(source.sourceSize, source.sourceSize);
  return source.render(indices, packViews(new Array<View>(indices.length).fill(whole)));
}
