import type * as tf from "../tfjs/tf.ts";

/** Moves parameters down their gradients; holds what it remembers from step to step. */
export interface Optimiser {
  /**
   * @param parameters by state-dict name, in the layouts of `Weights`.
   * @param gradients by the same names; the caller's.
   */
  step(
    parameters: ReadonlyMap<string, tf.Variable>,
    gradients: ReadonlyMap<string, tf.Tensor>,
    learningRate: number,
  ): void;
  dispose(): void;
}
