import type * as tf from "../tfjs/tf.ts";
import type { ParameterState } from "./parameterState.ts";

/** Moves parameters down their gradients; holds what it remembers from step to step. */
export interface Optimiser {
  /** What it remembers of each parameter, by kind ("velocity"): to be saved, or filled with what was saved. */
  readonly slots: Readonly<Record<string, ParameterState>>;
  /** Steps taken, where its rule depends on them; 0 elsewhere. */
  steps: number;
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
