import { packViews, type View } from "../src/ml/augment/viewParameters.ts";
import { ViewRenderer } from "../src/ml/compiled/views/viewRenderer.ts";
import type { TfjsGpu } from "../src/ml/tfjs/tfjsGpu.ts";

/**
 * One view of one picture, by the kernel that renders a run's views.
 *
 * @param picture [height, width, 3]
 * @returns [side, side, 3]
 */
export async function renderViewOnGpu(
  gpu: TfjsGpu,
  picture: { readonly height: number; readonly width: number; readonly pixels: Float32Array },
  view: View,
  side: number,
): Promise<Float32Array> {
  const { height, width, pixels } = picture;
  const padded = Float32Array.from({ length: height * width * 4 }, (_, i) =>
    i % 4 === 3 ? 0 : pixels[(i >> 2) * 3 + (i % 4)]!,
  );
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST;
  const buffer = gpu.device.createBuffer({ size: padded.byteLength, usage });
  gpu.device.queue.writeBuffer(buffer, 0, padded);
  const shape = { sourceHeight: height, sourceWidth: width, viewSide: side };
  const renderer = await ViewRenderer.create(gpu, shape, "floats");
  const [rendered] = renderer.render({ buffer, positions: Uint32Array.of(0) }, [packViews([view])]);
  const values = Float32Array.from(await rendered!.data<"float32">());
  rendered!.dispose();
  renderer.dispose();
  buffer.destroy();
  return values;
}
