import type { ViewParameters } from "../../augment/viewParameters.ts";
import type { ViewSource } from "../../augment/viewSource.ts";
import type { ImageStore } from "../../data/imageStore.ts";
import type { ViewPair } from "../../augment/viewPair.ts";
import type * as tf from "../../tfjs/tf.ts";
import { openGpuImages, type GpuImages } from "./gpuImages.ts";
import type { TfjsGpu } from "../../tfjs/tfjsGpu.ts";
import { ViewRenderer } from "./viewRenderer.ts";

/**
 * Views rendered on tfjs's own GPU from images that lie there. The same mathematics as `CpuViewSource` in float32:
 * where that has double precision within an operation, results differ by rounding.
 */
export class GpuViewSource implements ViewSource {
  private constructor(
    readonly sourceSize: number,
    readonly viewSize: number,
    private readonly images: GpuImages,
    private readonly renderer: ViewRenderer,
  ) {}

  /**
   * Compiles its kernel while the images go up.
   *
   * @param images sealed.
   * @param residentLimit as of `openGpuImages`.
   */
  static async open(
    gpu: TfjsGpu,
    images: ImageStore,
    viewSize: number,
    residentLimit?: number,
  ): Promise<GpuViewSource> {
    const shape = { sourceHeight: images.size, sourceWidth: images.size, viewSide: viewSize };
    const [renderer, onGpu] = await Promise.all([
      ViewRenderer.create(gpu, shape, "bytes"),
      openGpuImages(gpu.device, images, residentLimit),
    ]);
    return new GpuViewSource(images.size, viewSize, onGpu, renderer);
  }

  render(indices: Int32Array, parameters: ViewParameters): tf.Tensor4D {
    const [view] = this.renderer.render(this.images.locate(indices), [parameters]);
    return view as tf.Tensor4D;
  }

  renderPair(indices: Int32Array, ...parameters: [ViewParameters, ViewParameters]): ViewPair {
    const [first, second] = this.renderer.render(this.images.locate(indices), parameters);
    return { first: first as tf.Tensor4D, second: second as tf.Tensor4D };
  }

  dispose(): void {
    this.images.dispose();
    this.renderer.dispose();
  }
}
