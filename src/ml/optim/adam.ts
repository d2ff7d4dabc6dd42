import { invariant } from "../../lib/invariant.ts";
import { adamOnHeap } from "../wasm/parameterUpdates.ts";
import { WasmHeap } from "../wasm/wasmHeap.ts";
import * as tf from "../tfjs/tf.ts";
import type { Optimiser } from "./optimiser.ts";
import { ParameterState } from "./parameterState.ts";

export interface AdamOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** true: AdamW, which shrinks the parameter itself; false: Adam with the decay added to the gradient. */
  readonly decoupled: boolean;
}

/**
 * Adam and AdamW, as torch.optim defines them.
 *
 *     Adam: g ← ∇p + λ·p        AdamW: p ← p·(1 − lr·λ)
 *     m ← β₁·m + (1 − β₁)·g     v ← β₂·v + (1 − β₂)·g²
 *     p ← p − lr · (m/(1 − β₁ᵗ)) / (√(v/(1 − β₂ᵗ)) + ε)        t = 1 at the first step
 *
 * Kingma & Ba, arXiv 1412.6980; Loshchilov & Hutter, arXiv 1711.05101.
 */
export class Adam implements Optimiser {
  readonly slots = { firstMoment: new ParameterState(), secondMoment: new ParameterState() };
  steps = 0;
  private readonly options: AdamOptions;

  constructor(options: AdamOptions) {
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
    const { beta1, beta2, epsilon, weightDecay, decoupled } = this.options;
    this.steps++;
    const firstShare = 1 - beta1 ** this.steps;
    const secondShare = 1 - beta2 ** this.steps;
    const heap = WasmHeap.current();
    tf.tidy(() => {
      for (const [name, parameter] of parameters) {
        const gradient = gradients.get(name);
        invariant(gradient !== undefined, `no gradient for ${name}`);
        const first = this.slots.firstMoment.of(name, parameter);
        const second = this.slots.secondMoment.of(name, parameter);
        if (heap !== null) {
          const tensors = { parameter, gradient, first, second };
          adamOnHeap(heap, tensors, { ...this.options, learningRate, firstShare, secondShare });
          continue;
        }
        if (decoupled) parameter.assign(tf.mul(parameter, 1 - learningRate * weightDecay));
        const g = decoupled ? gradient : tf.add(gradient, tf.mul(parameter, weightDecay));
        first.assign(tf.add(tf.mul(first, beta1), tf.mul(g, 1 - beta1)));
        second.assign(tf.add(tf.mul(second, beta2), tf.mul(tf.square(g), 1 - beta2)));
        const scale = tf.add(tf.sqrt(tf.div(second, secondShare)), epsilon);
        parameter.assign(tf.sub(parameter, tf.mul(tf.div(first, scale), learningRate / firstShare)));
      }
    });
  }

  dispose(): void {
    this.slots.firstMoment.dispose();
    this.slots.secondMoment.dispose();
  }
}
