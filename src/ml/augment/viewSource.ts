import type { ViewPair } from "./viewPair.ts";
import type * as tf from "../tfjs/tf.ts";
import type { ViewParameters } from "./viewParameters.ts";

/**
 * Renders views of one set of images, as `renderViews` defines them; where it does so is its own affair. Views are
 * tensors of the current backend, [N, V, V, 3] RGB in [0, 1], and the caller's to dispose of.
 */
export interface ViewSource {
  /** Side of the stored images, pixels: what parameters are drawn for. */
  readonly sourceSize: number;
  /** Side of the views, pixels. */
  readonly viewSize: number;
  /**
   * One view of each image.
   *
   * @param indices [N]
   * @param parameters N rows.
   */
  render(indices: Int32Array, parameters: ViewParameters): tf.Tensor4D;
  /** Two views of each image. */
  renderPair(indices: Int32Array, first: ViewParameters, second: ViewParameters): ViewPair;
  dispose(): void;
}
