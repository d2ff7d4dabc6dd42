import * as tf from "./tf.ts";

/** What is one operation to tfjs's tape, whatever happens inside. */
interface TapedOperation {
  /** Those that may have gradients, by name. */
  readonly inputs: Record<string, tf.Tensor>;
  /** Kernels it runs are not recorded. @param save keeps tensors for `backwards`. @returns the results, its caller's. */
  readonly forwards: (save: (tensors: tf.Tensor[]) => void) => tf.Tensor[];
  /** @param dy gradients by every result, zeros where there is none. @returns for each input what gives its gradient. */
  readonly backwards: (
    dy: readonly tf.Tensor[],
    saved: readonly tf.Tensor[],
  ) => Record<string, () => tf.Tensor>;
}

/** What this uses of tfjs's engine beyond its public interface; `tf.customGrad` is a wrapper of it that has one result. */
interface TapedEngine {
  readonly state: { readonly gradientDepth: number; readonly kernelDepth: number };
  runKernelFunc(operation: {
    readonly inputs: Record<string, tf.Tensor>;
    readonly forwardFunc: (backend: unknown, save: (tensors: tf.Tensor[]) => void) => tf.Tensor[];
    readonly backwardsFunc: (
      dy: tf.Tensor | tf.Tensor[],
      saved: tf.Tensor[],
    ) => Record<string, () => tf.Tensor>;
  }): tf.Tensor[];
}

const tapedEngine = (): TapedEngine => tf.engine() as unknown as TapedEngine;

/** Whether an operation that is run now goes onto a tape. */
export function isTapeOn(): boolean {
  const { gradientDepth, kernelDepth } = tapedEngine().state;
  return gradientDepth > 0 && kernelDepth === 0;
}

/** Runs an operation, recorded where a tape is on. Call inside `tf.tidy` or a gradient function. */
export function runTaped({ inputs, forwards, backwards }: TapedOperation): tf.Tensor[] {
  return tapedEngine().runKernelFunc({
    inputs,
    forwardFunc: (_backend, save) => forwards(save),
    backwardsFunc: (dy, saved) => backwards(Array.isArray(dy) ? dy : [dy], saved),
  });
}
