import { invariant } from "../../../lib/invariant.ts";
import { isLaunchable } from "../../wgsl/kernel.ts";
import { batchProduct } from "../../wgsl/products.ts";
import * as tf from "../tf.ts";
import { KernelRecorder } from "./kernelRecorder.ts";

let installed = false;

/**
 * Has tfjs's products of matrices run by this project's kernel on software adapters. tfjs 4.22's work in workgroup memory
 * whatever the adapter, and wait for each other at barriers, which an emulated GPU does one invocation after the other:
 * the batch's 8 × 8 cosines took 150 ms on SwiftShader. Left to tfjs's are hardware, samples that are broadcast, and numbers
 * that are no float32. Idempotent, once the backend is registered. Delete when tfjs tells adapters apart.
 */
export function registerProducts(): void {
  if (installed) return;
  installed = true;
  const stock = tf.getKernel("BatchMatMul", "webgpu");
  tf.unregisterKernel("BatchMatMul", "webgpu");
  tf.registerKernel({
    ...stock,
    kernelFunc: (call) => {
      const { a, b } = call.inputs;
      invariant(a !== undefined && b !== undefined, "a product was called without its tensors");
      return multiply(KernelRecorder.of(call.backend), a, b, call.attrs as never) ?? stock.kernelFunc(call);
    },
  });
}

/** null where tfjs's own kernel is to do it. */
function multiply(
  recorder: KernelRecorder,
  a: tf.TensorInfo,
  b: tf.TensorInfo,
  { transposeA, transposeB }: { readonly transposeA: boolean; readonly transposeB: boolean },
): tf.TensorInfo | null {
  if (recorder.granularity.rowWorkgroups !== null) return null;
  if (a.dtype !== "float32" || b.dtype !== "float32") return null;
  const outer = a.shape.slice(0, -2);
  if (outer.join() !== b.shape.slice(0, -2).join()) return null;
  const [rows, inner] = lastTwo(a.shape, transposeA);
  const [innerOfB, columns] = lastTwo(b.shape, transposeB);
  const samples = tf.util.sizeFromShape(outer);
  if (inner !== innerOfB || samples * rows * columns * inner === 0) return null;
  const key = `products ${[samples, rows, columns, inner, transposeA, transposeB].join()}`;
  const ready = recorder.once(key, () => {
    const kernel = batchProduct({ samples, rows, columns, inner, transposeA, transposeB });
    return isLaunchable(kernel) ? recorder.ready(kernel) : null;
  });
  if (ready === null) return null;
  const c = recorder.tensor([...outer, rows, columns]);
  recorder.run(ready, [a, b, c]);
  return c;
}

function lastTwo(shape: readonly number[], transposed: boolean): readonly [number, number] {
  const [first, second] = shape.slice(-2) as [number, number];
  return transposed ? [second, first] : [first, second];
}
