import { invariant } from "../../lib/invariant.ts";
import type * as tf from "../tfjs/tf.ts";
import { tfjsGpu, type TfjsGpu } from "../tfjs/tfjsGpu.ts";

/** Tensors are read back in pieces of at most so many bytes, unless one is larger. */
const pieceBytes = 256 * 1024 * 1024;

/** The values of many float32 tensors, in order: on WebGPU copied aside in one submission. One sync point. */
export async function readTensors(
  tensors: readonly tf.Tensor[],
): Promise<readonly Float32Array<ArrayBuffer>[]> {
  const gpu = tfjsGpu();
  if (gpu !== null) return readFromGpu(gpu, tensors);
  // A copy, since some backends hand out what they keep.
  return Promise.all(tensors.map(async (tensor) => new Float32Array(await tensor.data<"float32">())));
}

interface Piece {
  readonly tensors: tf.Tensor[];
  bytes: number;
}

async function readFromGpu(
  gpu: TfjsGpu,
  tensors: readonly tf.Tensor[],
): Promise<readonly Float32Array<ArrayBuffer>[]> {
  const pieces: Piece[] = [];
  for (const tensor of tensors) {
    invariant(tensor.dtype === "float32", "only numbers are read so");
    const bytes = tensor.size * 4;
    let last = pieces.at(-1);
    if (last === undefined || last.bytes + bytes > pieceBytes)
      pieces.push((last = { tensors: [], bytes: 0 }));
    last.tensors.push(tensor);
    last.bytes += bytes;
  }
  const sources = new Map(tensors.map((tensor) => [tensor, gpu.bufferOf(tensor)]));
  gpu.flush();
  const encoder = gpu.device.createCommandEncoder();
  const staged = pieces.map(({ tensors, bytes }) => {
    const buffer = gpu.device.createBuffer({
      label: "read back",
      size: Math.max(4, bytes),
      usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
    });
    let at = 0;
    for (const tensor of tensors) {
      encoder.copyBufferToBuffer(sources.get(tensor) as GPUBuffer, 0, buffer, at, tensor.size * 4);
      at += tensor.size * 4;
    }
    return { buffer, tensors };
  });
  gpu.device.queue.submit([encoder.finish()]);
  try {
    await Promise.all(staged.map(({ buffer }) => buffer.mapAsync(GPUMapMode.READ)));
    return staged.flatMap(({ buffer, tensors }) => {
      const values = new Float32Array(buffer.getMappedRange().slice(0));
      let at = 0;
      return tensors.map(({ size }) => values.subarray(at, (at += size)));
    });
  } finally {
    for (const { buffer } of staged) buffer.destroy();
  }
}
