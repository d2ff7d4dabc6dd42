import { yieldToMessages } from "../../../lib/yieldToMessages.ts";
import type { ImageStore } from "../../data/imageStore.ts";
import type { LocatedImages } from "./viewRenderer.ts";

/** The most a set may take on the GPU, in bytes, to stay there as a whole: half of what a small one has for all. */
const residentBytesLimit = 512 * 2 ** 20;
/** Uploaded at once, in bytes; the device keeps a copy of that until it has arrived. */
const uploadBytes = 16 * 2 ** 20;
const bytesPerPixel = 4;

/** Images of a store where kernels can read them, in the format "bytes" of `wgsl/views.ts`. */
export interface GpuImages {
  /** Some images; valid until the next call. */
  locate(indices: Int32Array): LocatedImages;
  dispose(): void;
}

/** The whole store on the GPU where it fits, else only the images asked for, each time anew. */
export async function openGpuImages(
  device: GPUDevice,
  images: ImageStore,
  limit = residentBytesLimit,
): Promise<GpuImages> {
  const bytes = images.count * images.size ** 2 * bytesPerPixel;
  const { maxStorageBufferBindingSize, maxBufferSize } = device.limits;
  const fits = bytes <= Math.min(limit, maxStorageBufferBindingSize, maxBufferSize);
  const resident = fits ? await ResidentImages.upload(device, images) : null;
  return resident ?? new StreamedImages(device, images);
}

class ResidentImages implements GpuImages {
  private constructor(private readonly buffer: GPUBuffer) {}

  /** @returns null when the device has no memory for them. */
  static async upload(device: GPUDevice, images: ImageStore): Promise<ResidentImages | null> {
    const pixels = images.size ** 2;
    device.pushErrorScope("out-of-memory");
    const buffer = createImageBuffer(device, images.count * pixels);
    if ((await device.popErrorScope()) !== null) return null;
    const together = Math.max(1, Math.floor(uploadBytes / bytesPerPixel / pixels));
    const staging = new Uint32Array(Math.min(together, images.count) * pixels);
    for (let first = 0; first < images.count; first += together) {
      const count = Math.min(together, images.count - first);
      for (let i = 0; i < count; i++) packPixels(images.pixelsOf(first + i), staging, i * pixels);
      device.queue.writeBuffer(buffer, first * pixels * bytesPerPixel, staging, 0, count * pixels);
      await device.queue.onSubmittedWorkDone();
      await yieldToMessages();
    }
    return new ResidentImages(buffer);
  }

  locate(indices: Int32Array): LocatedImages {
    return { buffer: this.buffer, positions: Uint32Array.from(indices) };
  }

  dispose(): void {
    this.buffer.destroy();
  }
}

/**
 * Holds one batch. A write is queued behind the launches that read the batch before it, and the device copies what it
 * is given at once, so that one buffer is enough for the next batch to be packed while the last one is in use.
 */
class StreamedImages implements GpuImages {
  private buffer: GPUBuffer | null = null;
  private staging = new Uint32Array(0);

  constructor(
    private readonly device: GPUDevice,
    private readonly images: ImageStore,
  ) {}

  locate(indices: Int32Array): LocatedImages {
    const { device, images } = this;
    const pixels = images.size ** 2;
    const needed = indices.length * pixels;
    if (this.buffer === null || this.staging.length < needed) {
      this.buffer?.destroy();
      this.buffer = createImageBuffer(device, needed);
      this.staging = new Uint32Array(needed);
    }
    indices.forEach((index, i) => packPixels(images.pixelsOf(index), this.staging, i * pixels));
    device.queue.writeBuffer(this.buffer, 0, this.staging, 0, needed);
    return { buffer: this.buffer, positions: Uint32Array.from(indices, (_, i) => i) };
  }

  dispose(): void {
    this.buffer?.destroy();
  }
}

function createImageBuffer(device: GPUDevice, pixels: number): GPUBuffer {
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST;
  return device.createBuffer({ size: pixels * bytesPerPixel, usage, label: "images" });
}

/** @param rgb whole pixels, which fill as many elements of `into` from `start` on. */
function packPixels(rgb: Uint8Array, into: Uint32Array, start: number): void {
  for (let i = 0, to = start; i < rgb.length; i += 3, to++)
    into[to] = (rgb[i + 2]! << 16) | (rgb[i + 1]! << 8) | rgb[i]!;
}
