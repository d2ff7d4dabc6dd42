import * as tf from "../../tf.ts";
import type { WasmHeap } from "./wasmHeap.ts";

/** One step of SGD on one tensor, in one loop instead of six operations; the equations are `Sgd`'s. */
export function sgdOnHeap(
  heap: WasmHeap,
  { parameter, gradient, velocity }: { parameter: tf.Variable; gradient: tf.Tensor; velocity: tf.Variable },
  settings: { learningRate: number; weightDecay: number; momentum: number; nesterov: boolean },
): void {
  const { learningRate, weightDecay, momentum, nesterov } = settings;
  // Never in place: XNNPACK keeps filters it has packed under the tensor they came in.
  const nextParameter = heap.empty(parameter.shape);
  const nextVelocity = heap.isUnshared(velocity) ? velocity : heap.empty(velocity.shape);
  const [p, g, v] = [heap.view(parameter), heap.view(gradient), heap.view(velocity)];
  const [toP, toV] = [heap.view(nextParameter), heap.view(nextVelocity)];
  for (let i = 0; i < p.length; i++) {
    const decayed = g[i]! + weightDecay * p[i]!;
    const moved = momentum * v[i]! + decayed;
    toV[i] = moved;
    toP[i] = p[i]! - learningRate * (nesterov ? decayed + momentum * moved : moved);
  }
  assign(parameter, nextParameter);
  if (nextVelocity !== velocity) assign(velocity, nextVelocity);
}

/** mean ← momentum·mean + (1 − momentum)·source, in one loop. */
export function followOnHeap(heap: WasmHeap, mean: tf.Variable, source: tf.Tensor, momentum: number): void {
  const next = heap.empty(mean.shape);
  const [before, value, after] = [heap.view(mean), heap.view(source), heap.view(next)];
  for (let i = 0; i < before.length; i++) after[i] = momentum * before[i]! + (1 - momentum) * value[i]!;
  assign(mean, next);
}

function assign(variable: tf.Variable, value: tf.TensorInfo): void {
  const tensor = tf.engine().makeTensorFromTensorInfo(value);
  variable.assign(tensor);
  tensor.dispose();
}
