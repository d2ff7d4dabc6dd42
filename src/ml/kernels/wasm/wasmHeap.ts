import * as tf from "../../tf.ts";

/** What this project uses of tfjs's WASM backend beyond its public interface; all of it is in 4.22's. */
interface TfjsWasmBackend {
  makeOutput(shape: readonly number[], dtype: "float32"): tf.TensorInfo;
  typedArrayFromHeap(tensor: tf.TensorInfo): Float32Array;
  refCount(dataId: object): number;
}

/**
 * Tensors of tfjs's WASM backend as the arrays they are, for plain loops. One loop that reads each number once beats
 * a chain of XNNPACK's element-wise operations, each of which passes over memory, and costs no call of some 30 µs.
 */
export class WasmHeap {
  constructor(private readonly backend: TfjsWasmBackend) {}

  /** The current backend's heap, or null where that is not WASM. */
  static current(): WasmHeap | null {
    return tf.getBackend() === "wasm" ? WasmHeap.of(tf.backend()) : null;
  }

  static of(backend: unknown): WasmHeap {
    return new WasmHeap(backend as TfjsWasmBackend);
  }

  /** A tensor with arbitrary content. */
  empty(shape: readonly number[]): tf.TensorInfo {
    return this.backend.makeOutput([...shape], "float32");
  }

  /** Where a tensor's numbers are: good until something is allocated, which may move the heap. */
  view(tensor: tf.TensorInfo): Float32Array {
    return this.backend.typedArrayFromHeap(tensor);
  }

  /** Whether nothing else sees this tensor's numbers, so that they may be overwritten. */
  isUnshared(tensor: tf.TensorInfo): boolean {
    return this.backend.refCount(tensor.dataId) === 1;
  }
}
