import { invariant } from "../../lib/invariant.ts";
import * as tf from "./tf.ts";

const improved = Symbol("improved matrix product");

/**
 * Replaces the WASM backend's matrix product, which in tfjs 4.22 has two faults. Idempotent. Delete when mended there.
 *
 * - With a transposed operand it runs in a scalar loop instead of XNNPACK, five times slower (`npm run bench`); every
 *   gradient of a product has one. Here operands are transposed first.
 * - XNNPACK's packed right operand is cached by its data, not by its shape: the same values used as [64, 32] and then
 *   as [32, 64] give the first shape's numbers again, in silence. Here a second shape gets a copy.
 */
export function registerMatMul(backendName: string): void {
  const stock = tf.getKernel("BatchMatMul", backendName) as tf.KernelConfig | undefined;
  invariant(stock !== undefined, `the ${backendName} backend has no matrix product`);
  if (improved in stock) return;
  /** For each right operand the shape it was packed in. */
  const packedAs = new WeakMap<object, string>();
  const kernelFunc: tf.KernelFunc = (call) => {
    const { transposeA, transposeB } = call.attrs as unknown as { transposeA: boolean; transposeB: boolean };
    const { a, b } = call.inputs as { a: tf.Tensor; b: tf.Tensor };
    if (transposeA || transposeB) {
      return tf.tidy(() => tf.matMul(transposeA ? swapLast(a) : a, transposeB ? swapLast(b) : b));
    }
    const shape = b.shape.slice(-2).join();
    const before = packedAs.get(b.dataId);
    if (before !== undefined && before !== shape) return tf.tidy(() => tf.matMul(a, tf.add(b, 0)));
    packedAs.set(b.dataId, shape);
    return stock.kernelFunc(call);
  };
  tf.unregisterKernel("BatchMatMul", backendName);
  tf.registerKernel({ ...stock, kernelFunc, ...{ [improved]: true } });
}

/** [‥, M, N] → [‥, N, M]. */
function swapLast(x: tf.Tensor): tf.Tensor {
  const axes = [...x.shape.keys()];
  return tf.transpose(x, [...axes.slice(0, -2), x.rank - 1, x.rank - 2]);
}
