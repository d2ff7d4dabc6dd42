import { invariant } from "../../lib/invariant.ts";
import { followOnHeap, sgdOnHeap } from "../wasm/parameterUpdates.ts";
import { WasmHeap } from "../wasm/wasmHeap.ts";
import * as tf from "../tfjs/tf.ts";
import type { Optimiser } from "./optimiser.ts";
import { ParameterState } from "./parameterState.ts";

/**
 * SGD with momentum and weight decay, as torch.optim.SGD defines it (no dampening).
 *
 *     g ← ∇p + λ·p        v ← μ·v + g        p ← p − lr·v        (Nesterov: p ← p − lr·(g + μ·v))
 *
 * Weight decay λ is on every parameter it is given, BatchNorm and biases included, as the authors' code has it.
 * PyTorch starts v at the first g; starting at 0 is the same.
 */
export class Sgd implements Optimiser {
  readonly slots = { velocity: new ParameterState() };
  steps = 0;
  private readonly momentum: number;
  private readonly weightDecay: number;
  private readonly nesterov: boolean;

  constructor(options: { momentum: number; weightDecay: number; nesterov?: boolean }) {
    this.momentum = options.momentum;
    this.weightDecay = options.weightDecay;
    this.nesterov = options.nesterov ?? false;
  }

  /**
   * @param parameters by state-dict name.
   * @param gradients by the same names; consumed (disposed of by the caller's tidy).
   */
  step(
    parameters: ReadonlyMap<string, tf.Variable>,
    gradients: ReadonlyMap<string, tf.Tensor>,
    learningRate: number,
  ): void {
    const heap = WasmHeap.current();
    const { momentum, weightDecay, nesterov } = this;
    tf.tidy(() => {
      const rate = tf.scalar(learningRate);
      const decay = tf.scalar(weightDecay);
      const keep = tf.scalar(momentum);
      for (const [name, parameter] of parameters) {
        const gradient = gradients.get(name);
        invariant(gradient !== undefined, `no gradient for ${name}`);
        const velocity = this.slots.velocity.of(name, parameter);
        if (heap !== null) {
          sgdOnHeap(
            heap,
            { parameter, gradient, velocity },
            { learningRate, momentum, weightDecay, nesterov },
          );
          continue;
        }
        const decayed = weightDecay === 0 ? gradient : tf.add(gradient, tf.mul(parameter, decay));
        velocity.assign(tf.add(tf.mul(velocity, keep), decayed));
        const move = nesterov ? tf.add(decayed, tf.mul(velocity, keep)) : velocity;
        parameter.assign(tf.sub(parameter, tf.mul(move, rate)));
      }
    });
  }

  dispose(): void {
    this.slots.velocity.dispose();
  }
}

/** Exponential moving average of parameters: mean ← momentum·mean + (1 − momentum)·source. Buffers are not touched. */
export function followParameters(
  mean: ReadonlyMap<string, tf.Variable>,
  source: ReadonlyMap<string, tf.Variable>,
  momentum: number,
): void {
  const heap = WasmHeap.current();
  tf.tidy(() => {
    const keep = tf.scalar(momentum);
    const take = tf.scalar(1 - momentum);
    for (const [name, value] of mean) {
      const next = source.get(name);
      invariant(next !== undefined, `the mean student has ${name}, the student has not`);
      if (heap !== null) followOnHeap(heap, value, next, momentum);
      else value.assign(tf.add(tf.mul(value, keep), tf.mul(next, take)));
    }
  });
}
