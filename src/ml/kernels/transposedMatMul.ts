import { invariant } from "../../lib/invariant.ts";
import * as tf from "../tf.ts";

/**
 * Makes a backend transpose before it multiplies, instead of multiplying with a transposed operand.
 *
 * tfjs 4.22's WASM backend hands only plain products to XNNPACK; a transposed one runs in a scalar loop, ten times
 * slower (docs/PERFORMANCE.md). Every gradient of a product is one. Idempotent. Delete when the backend does better.
 */
export function registerTransposedMatMul(backendName: string): void {
  const stock = tf.getKernel("BatchMatMul", backendName);
  invariant(stock != null, `the ${backendName} backend has no matrix product`);
  if ("plainProduct" in stock) return;
  const kernelFunc: tf.KernelFunc = (call) => {
    const { transposeA, transposeB } = call.attrs as unknown as { transposeA: boolean; transposeB: boolean };
    if (!transposeA && !transposeB) return stock.kernelFunc(call);
    return tf.tidy(() => {
      const { a, b } = call.inputs as { a: tf.Tensor; b: tf.Tensor };
      return tf.matMul(transposeA ? swapLast(a) : a, transposeB ? swapLast(b) : b);
    });
  };
  tf.unregisterKernel("BatchMatMul", backendName);
  tf.registerKernel({ ...stock, kernelFunc, ...{ plainProduct: true } });
}

/** [‥, M, N] → [‥, N, M]. */
function swapLast(x: tf.Tensor): tf.Tensor {
  const axes = [...x.shape.keys()];
  return tf.transpose(x, [...axes.slice(0, -2), x.rank - 1, x.rank - 2]);
}
