import * as tf from "../tfjs/tf.ts";
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

/** One step of Adam(W) on one tensor; the equations are `Adam`'s, with both bias corrections as shares. */
export function adamOnHeap(
  heap: WasmHeap,
  tensors: { parameter: tf.Variable; gradient: tf.Tensor; first: tf.Variable; second: tf.Variable },
  settings: {
    readonly learningRate: number;
    readonly beta1: number;
    readonly beta2: number;
    readonly epsilon: number;
    readonly weightDecay: number;
    readonly decoupled: boolean;
    /** 1 − βᵗ */
    readonly firstShare: number;
    readonly secondShare: number;
  },
): void {
  const { learningRate, beta1, beta2, epsilon, weightDecay, decoupled, firstShare, secondShare } = settings;
  const { parameter, gradient, first, second } = tensors;
  const next = [parameter, first, second].map(({ shape }) => heap.empty(shape)) as [
    tf.TensorInfo,
    tf.TensorInfo,
    tf.TensorInfo,
  ];
  const [toP, toM, toV] = next.map((tensor) => heap.view(tensor)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const [p, m, v, d] = [parameter, first, second, gradient].map((tensor) => heap.view(tensor)) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const keep = decoupled ? 1 - learningRate * weightDecay : 1;
  const added = decoupled ? 0 : weightDecay;
  for (let i = 0; i < p.length; i++) {
    const g = d[i]! + added * p[i]!;
    const mean = beta1 * m[i]! + (1 - beta1) * g;
    const square = beta2 * v[i]! + (1 - beta2) * g * g;
    toM[i] = mean;
    toV[i] = square;
    const scale = Math.sqrt(square / secondShare) + epsilon;
    toP[i] = keep * p[i]! - ((learningRate / firstShare) * mean) / scale;
  }
  assign(parameter, next[0]);
  assign(first, next[1]);
  assign(second, next[2]);
}

/** Gives a variable a value of the heap's; takes it over. */
export function assign(variable: tf.Variable, value: tf.TensorInfo): void {
  const tensor = tf.engine().makeTensorFromTensorInfo(value);
  variable.assign(tensor);
  tensor.dispose();
}
