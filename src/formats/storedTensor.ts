import { invariant } from "../lib/invariant.ts";
import { halfToFloat32 } from "./half.ts";

/** Element types as PyTorch calls them, and their bytes. */
export const elementBytes = {
  float64: 8,
  float32: 4,
  float16: 2,
  bfloat16: 2,
  int64: 8,
  int32: 4,
  int16: 2,
  int8: 1,
  uint64: 8,
  uint32: 4,
  uint16: 2,
  uint8: 1,
  bool: 1,
} as const;
export type ElementType = keyof typeof elementBytes;

/** Where a tensor's elements lie. Nothing is copied until they are asked for. */
export interface TensorView {
  readonly name: string;
  readonly dtype: ElementType;
  /** PyTorch's order, e.g. [out, in, h, w]; [] is a single number. */
  readonly shape: readonly number[];
  /** The whole storage, possibly shared with other tensors and not aligned. */
  readonly storage: Uint8Array<ArrayBuffer>;
  /** Of the first element, in elements. */
  readonly offset: number;
  /** In elements, one a dimension. */
  readonly strides: readonly number[];
  readonly bigEndian: boolean;
}

/** A tensor in a file: what it is, and its values when wanted. Made by the readers, which check every bound. */
export class StoredTensor {
  readonly name: string;
  readonly dtype: ElementType;
  readonly shape: readonly number[];
  /** Number of elements. */
  readonly size: number;
  private readonly view: TensorView;

  constructor(view: TensorView) {
    this.view = view;
    this.name = view.name;
    this.dtype = view.dtype;
    this.shape = view.shape;
    this.size = elementCount(view.shape);
    invariant(view.strides.length === view.shape.length, `${view.name}: one stride a dimension`);
    const needed = (view.offset + elementSpan(view.shape, view.strides)) * elementBytes[view.dtype];
    invariant(
      needed <= view.storage.byteLength,
      `${view.name}: ${needed} bytes of ${view.storage.byteLength}`,
    );
  }

  /** The same elements under another name. */
  renamed(name: string): StoredTensor {
    return new StoredTensor({ ...this.view, name });
  }

  /** The same elements, row-major, in another shape of the same size. */
  reshaped(shape: readonly number[]): StoredTensor {
    invariant(elementCount(shape) === this.size, `${this.name}: [${shape.join(", ")}] has another size`);
    const storage = this.toBytes();
    return new StoredTensor({
      ...this.view,
      shape,
      storage,
      offset: 0,
      strides: rowMajorStrides(shape),
      bigEndian: false,
    });
  }

  /** The elements as they are stored: row-major, little-endian, in a buffer of their own. */
  toBytes(): Uint8Array<ArrayBuffer> {
    const { storage, offset, shape, strides, bigEndian, dtype } = this.view;
    const width = elementBytes[dtype];
    let bytes: Uint8Array<ArrayBuffer>;
    if (isRowMajor(shape, strides)) bytes = storage.slice(offset * width, (offset + this.size) * width);
    else bytes = gather(storage, offset, shape, strides, width, this.size);
    if (bigEndian) swapBytes(bytes, width);
    return bytes;
  }

  /**
   * The values as float32, row-major, in an array of their own. Exact for float32, float16, bfloat16, bool and
   * 8- and 16-bit integers; the other types are rounded to the nearest float32.
   */
  toFloat32(): Float32Array<ArrayBuffer> {
    const { buffer } = this.toBytes();
    switch (this.dtype) {
      case "float32":
        return new Float32Array(buffer);
      case "float64":
        return new Float32Array(new Float64Array(buffer));
      case "float16":
        return halfToFloat32(new Uint16Array(buffer));
      case "bfloat16": {
        const bits = Uint32Array.from(new Uint16Array(buffer), (half) => half << 16);
        return new Float32Array(bits.buffer);
      }
      case "int64":
        return Float32Array.from(new BigInt64Array(buffer), Number);
      case "uint64":
        return Float32Array.from(new BigUint64Array(buffer), Number);
      case "int32":
        return new Float32Array(new Int32Array(buffer));
      case "uint32":
        return new Float32Array(new Uint32Array(buffer));
      case "int16":
        return new Float32Array(new Int16Array(buffer));
      case "uint16":
        return new Float32Array(new Uint16Array(buffer));
      case "int8":
        return new Float32Array(new Int8Array(buffer));
      case "uint8":
        return new Float32Array(new Uint8Array(buffer));
      case "bool":
        return Float32Array.from(new Uint8Array(buffer), (byte) => (byte === 0 ? 0 : 1));
    }
  }

  /** The values of an int64 or uint64 tensor, exactly. */
  toBigInts(): BigInt64Array<ArrayBuffer> | BigUint64Array<ArrayBuffer> {
    invariant(this.dtype === "int64" || this.dtype === "uint64", `${this.name} is ${this.dtype}`);
    const { buffer } = this.toBytes();
    return this.dtype === "int64" ? new BigInt64Array(buffer) : new BigUint64Array(buffer);
  }

  /** How many values are NaN or infinite as float32. A network that gets one is lost, so this is asked before. */
  countNonFinite(): number {
    if (!this.dtype.includes("float")) return 0;
    let count = 0;
    const values = this.toFloat32();
    for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) count++;
    return count;
  }
}

/** Elements of a shape; infinite when there are too many to count exactly. */
export function elementCount(shape: readonly number[]): number {
  if (shape.includes(0)) return 0;
  let count = 1;
  for (const length of shape) {
    count *= length;
    if (count > Number.MAX_SAFE_INTEGER) return Infinity;
  }
  return count;
}

/** From the first element to the last, both counted: what a view with these strides needs of its storage. */
export function elementSpan(shape: readonly number[], strides: readonly number[]): number {
  if (shape.includes(0)) return 0;
  return shape.reduce((span, length, axis) => span + (length - 1) * (strides[axis] as number), 1);
}

export function rowMajorStrides(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= Math.max(1, shape[axis] as number);
  }
  return strides;
}

function isRowMajor(shape: readonly number[], strides: readonly number[]): boolean {
  if (shape.includes(0)) return true;
  const dense = rowMajorStrides(shape);
  return shape.every((length, axis) => length === 1 || strides[axis] === dense[axis]);
}

/** Walks the view row by row, copying element by element. */
function gather(
  storage: Uint8Array,
  offset: number,
  shape: readonly number[],
  strides: readonly number[],
  width: number,
  size: number,
): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(size * width);
  const index = new Array<number>(shape.length).fill(0);
  const last = shape.length - 1;
  const rowLength = shape[last] as number;
  const rowStride = (strides[last] as number) * width;
  let rowStart = offset * width;
  for (let written = 0; written < out.length;) {
    for (let i = 0, from = rowStart; i < rowLength; i++, from += rowStride)
      for (let byte = 0; byte < width; byte++) out[written++] = storage[from + byte] as number;
    for (let axis = last - 1; axis >= 0; axis--) {
      const stride = (strides[axis] as number) * width;
      const next = (index[axis] as number) + 1;
      rowStart += stride;
      if (next < (shape[axis] as number)) {
        index[axis] = next;
        break;
      }
      rowStart -= next * stride;
      index[axis] = 0;
    }
  }
  return out;
}

function swapBytes(bytes: Uint8Array, width: number): void {
  for (let start = 0; start < bytes.length; start += width) bytes.subarray(start, start + width).reverse();
}
