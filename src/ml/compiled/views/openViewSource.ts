import { CpuViewSource } from "../../augment/cpuViewSource.ts";
import type { ViewSource } from "../../augment/viewSource.ts";
import type { ImageStore } from "../../data/imageStore.ts";
import { GpuViewSource } from "./gpuViewSource.ts";
import { tfjsGpu } from "../../tfjs/tfjsGpu.ts";

/**
 * Views rendered where it is fastest: on the GPU when tfjs runs on one, else by plain loops. Those take half the time
 * of the kernel on a GPU that is a program itself (`npm run bench -- --part augment`).
 */
export async function openViewSource(
  images: ImageStore,
  viewSize: number,
  adapter: { readonly software: boolean },
): Promise<ViewSource> {
  const gpu = adapter.software ? null : tfjsGpu();
  return gpu === null ? new CpuViewSource(images, viewSize) : GpuViewSource.open(gpu, images, viewSize);
}
