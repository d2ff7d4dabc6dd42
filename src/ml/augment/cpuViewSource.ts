import type { ImageStore } from "../data/imageStore.ts";
import type { ViewPair } from "./viewPair.ts";
import * as tf from "../tfjs/tf.ts";
import { renderViews } from "./renderViews.ts";
import type { ViewParameters } from "./viewParameters.ts";
import type { ViewSource } from "./viewSource.ts";

/** Views rendered by plain loops, and then handed to the backend: the same bits whatever it is. */
export class CpuViewSource implements ViewSource {
  constructor(
    private readonly images: ImageStore,
    readonly viewSize: number,
  ) {}

  get sourceSize(): number {
    return this.images.size;
  }

  render(indices: Int32Array, parameters: ViewParameters): tf.Tensor4D {
    return this.renderGathered(this.images.gather(indices), parameters);
  }

  renderPair(indices: Int32Array, first: ViewParameters, second: ViewParameters): ViewPair {
    const pixels = this.images.gather(indices);
    return { first: this.renderGathered(pixels, first), second: this.renderGathered(pixels, second) };
  }

  dispose(): void {
    // holds nothing
  }

  private renderGathered(pixels: Uint8Array, parameters: ViewParameters): tf.Tensor4D {
    const { sourceSize, viewSize } = this;
    const views = renderViews(pixels, sourceSize, parameters, viewSize);
    return tf.tensor4d(views, [parameters.count, viewSize, viewSize, 3]);
  }
}
