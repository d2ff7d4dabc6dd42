import * as tf from "../tfjs/tf.ts";
import { SimdLoops } from "./simdLoops.ts";

/** What this project uses of tfjs's WASM backend beyond its public interface; all of it is in 4.22's. */
interface TfjsWasmBackend {
  makeOutput(shape: readonly number[], dtype: "float32"): tf.TensorInfo;
  typedArrayFromHeap(tensor: tf.TensorInfo): Float32Array;
  refCount(dataId: object): number;
  incRef(dataId: object): void;
  disposeData(dataId: object): boolean;
  /** Emscripten's module; its memory is at the first place with threads, at the second without. */
  readonly wasm: {
    readonly wasmMemory?: WebAssembly.Memory;
    readonly asm?: { readonly memory?: WebAssembly.Memory };
    _malloc(bytes: number): number;
  };
}

const simdLoops = new WeakMap<object, SimdLoops | null>();

/**
 * Tensors of tfjs's WASM backend as the arrays they are, for plain loops. One loop that reads each number once beats
 * a chain of XNNPACK's element-wise operations, each of which passes over memory, and costs no call of some 30 µs.
 */
export class WasmHeap {
  /** Loops four numbers at a time; null where there are none. Made first of all, since making them allocates. */
  readonly simd: SimdLoops | null;

  constructor(private readonly backend: TfjsWasmBackend) {
    this.simd = simdLoopsOf(backend);
  }

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

  /** Another owner of the same numbers, which may read them in another shape. Each owner calls `free`. */
  share(tensor: tf.TensorInfo, shape = tensor.shape): tf.TensorInfo {
    this.backend.incRef(tensor.dataId);
    return { dataId: tensor.dataId, dtype: tensor.dtype, shape };
  }

  free(tensor: tf.TensorInfo): void {
    this.backend.disposeData(tensor.dataId);
  }

  /** A tensor of tfjs's, in its current scope; takes over `info`. */
  toTensor(info: tf.TensorInfo): tf.Tensor {
    return tf.engine().makeTensorFromTensorInfo(info);
  }

  /** One of the backend's kernels without tfjs's engine around it: no tape, no scope. The caller owns the result. */
  run(kernelName: string, inputs: tf.NamedTensorInfoMap, attrs: object): tf.TensorInfo {
    const { backend } = this;
    const result = tf
      .getKernel(kernelName, "wasm")
      .kernelFunc({ inputs, attrs: attrs as tf.NamedAttrMap, backend });
    return result as tf.TensorInfo;
  }
}

function simdLoopsOf({ wasm }: TfjsWasmBackend): SimdLoops | null {
  let loops = simdLoops.get(wasm);
  if (loops === undefined) {
    const memory = wasm.wasmMemory ?? wasm.asm?.memory;
    // 16 more, since a vector's address is to be a multiple of 16.
    const allocate = (bytes: number): number => (wasm._malloc(bytes + 16) + 15) & ~15;
    loops = memory === undefined ? null : SimdLoops.create(memory, allocate);
    simdLoops.set(wasm, loops);
  }
  return loops;
}
