import type * as tf from "../tfjs/tf.ts";
import type { ActivationName } from "./activationCode.ts";
import type { WasmHeap } from "./wasmHeap.ts";

/** What `layerByLayer.ts` has from tfjs's operations, number by number. */
interface Activation {
  readonly value: (x: number) => number;
  readonly slope: (x: number) => number;
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const clampedTo6 = (x: number): number => Math.min(Math.max(x, 0), 6);
const within6 = (x: number): number => (x > 0 && x <= 6 ? 1 : 0);
/** Φ(x): how much of a normal distribution is below x. */
const normalBelow = (x: number): number => (1 + erf(x * Math.SQRT1_2)) / 2;
const normalDensity = (x: number): number => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);

const activations: Record<ActivationName, Activation> = {
  relu: { value: (x) => Math.max(x, 0), slope: (x) => (x > 0 ? 1 : 0) },
  relu6: { value: clampedTo6, slope: within6 },
  sigmoid: { value: sigmoid, slope: (x) => sigmoid(x) * (1 - sigmoid(x)) },
  silu: { value: (x) => x * sigmoid(x), slope: (x) => sigmoid(x) * (1 + x * (1 - sigmoid(x))) },
  hardsigmoid: { value: (x) => clampedTo6(x + 3) / 6, slope: (x) => within6(x + 3) / 6 },
  hardswish: {
    value: (x) => (x * clampedTo6(x + 3)) / 6,
    slope: (x) => (clampedTo6(x + 3) + x * within6(x + 3)) / 6,
  },
  gelu: { value: (x) => x * normalBelow(x), slope: (x) => normalBelow(x) + x * normalDensity(x) },
};

/** y = f(x); y may be x itself. NaN stays, so that divergence shows. */
export function activate(heap: WasmHeap, fn: ActivationName, x: tf.TensorInfo, y: tf.TensorInfo): void {
  const [from, to] = [heap.view(x), heap.view(y)];
  const { value } = activations[fn];
  for (let i = heap.simd?.activate(fn, from, to) ?? 0; i < from.length; i++) to[i] = value(from[i]!);
}

/** d · f′(x), in d's place where nobody else sees that. The caller owns it. */
export function activationGradient(
  heap: WasmHeap,
  fn: ActivationName,
  d: tf.TensorInfo,
  x: tf.TensorInfo,
): tf.TensorInfo {
  const result = heap.isUnshared(d) ? heap.share(d) : heap.empty(d.shape);
  const [upstream, from, to] = [heap.view(d), heap.view(x), heap.view(result)];
  const { slope } = activations[fn];
  for (let i = heap.simd?.activationGradient(fn, upstream, from, to) ?? 0; i < from.length; i++)
    to[i] = upstream[i]! * slope(from[i]!);
  return result;
}

/** Abramowitz & Stegun 7.1.26: within 1.5·10⁻⁷. */
function erf(x: number): number {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const series =
    ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  return Math.sign(x) * (1 - series * Math.exp(-x * x));
}
