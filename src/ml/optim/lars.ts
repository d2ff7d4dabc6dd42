import { invariant } from "../../lib/invariant.ts";
import * as tf from "../tfjs/tf.ts";
import type { Optimiser } from "./optimiser.ts";
import { ParameterState } from "./parameterState.ts";

export interface LarsOptions {
  readonly momentum: number;
  readonly weightDecay: number;
  /** η, the trust coefficient. */
  readonly trust: number;
}

/**
 * LARS, the large-batch optimiser of SimCLR and BYOL.
 *
 *     tensors of two and more dimensions: g ← ∇p + λ·p;  g ← g · η·‖p‖/‖g‖  (unscaled when a norm is 0)
 *     others (biases, BatchNorm): g = ∇p
 *     v ← μ·v + g        p ← p − lr·v
 *
 * You et al., arXiv 1708.03888, in the form of MoCo-v3's code.
 */
export class Lars implements Optimiser {
  readonly slots = { velocity: new ParameterState() };
  steps = 0;
  private readonly options: LarsOptions;

  constructor(options: LarsOptions) {
    this.options = options;
  }

  /**
   * @param parameters by state-dict name.
   * @param gradients by the same names; the caller's.
   */
  step(
    parameters: ReadonlyMap<string, tf.Variable>,
    gradients: ReadonlyMap<string, tf.Tensor>,
    learningRate: number,
  ): void {
    tf.tidy(() => {
      for (const [name, parameter] of parameters) {
        const gradient = gradients.get(name);
        invariant(gradient !== undefined, `no gradient for ${name}`);
        const scaled = parameter.rank > 1 ? this.scale(parameter, gradient) : gradient;
        const velocity = this.slots.velocity.of(name, parameter);
        velocity.assign(tf.add(tf.mul(velocity, this.options.momentum), scaled));
        parameter.assign(tf.sub(parameter, tf.mul(velocity, learningRate)));
      }
    });
  }

  dispose(): void {
    this.slots.velocity.dispose();
  }

  private scale(parameter: tf.Variable, gradient: tf.Tensor): tf.Tensor {
    const decayed = tf.add(gradient, tf.mul(parameter, this.options.weightDecay));
    const [size, slope] = [tf.norm(parameter), tf.norm(decayed)];
    const bothPresent = tf.cast(tf.logicalAnd(tf.greater(size, 0), tf.greater(slope, 0)), "float32");
    const ratio = tf.div(tf.mul(size, this.options.trust), tf.maximum(slope, 1e-30));
    // ratio where both norms are there, 1 elsewhere
    return tf.mul(decayed, tf.add(tf.mul(ratio, bothPresent), tf.sub(1, bothPresent)));
  }
}
