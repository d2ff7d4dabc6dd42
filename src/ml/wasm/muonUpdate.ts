import type * as tf from "../tfjs/tf.ts";
import { matMul, transpose } from "./heapConvolution.ts";
import { assign } from "./parameterUpdates.ts";
import type { WasmHeap } from "./wasmHeap.ts";

/** What one step is made of; the optimiser knows the values. */
export interface MuonStep {
  readonly learningRate: number;
  readonly momentum: number;
  readonly weightDecay: number;
  /** Of this matrix: it moves by learningRate · rateScale. */
  readonly rateScale: number;
  /** Keeps a gradient of zeros from being divided by its norm. */
  readonly smallestNorm: number;
  /** a·1 + b·G + c·G², so many times. */
  readonly iteration: {
    readonly a: number;
    readonly b: number;
    readonly c: number;
    readonly iterations: number;
  };
}

/**
 * One step of Muon on one weight; the equations are `Muon`'s.
 *
 * The polynomials that the iterations multiply X by are polynomials of one Gram matrix G = XXᵀ (its smaller form), so
 * they commute: X needs two large products in all, G and the last, and between them everything happens to G.
 *
 *     P = a·1 + b·G + c·G²        Q ← P·Q        G ← P·G·P
 *
 * @param shape the weight as the matrix [rows, columns] it is in memory.
 */
export function muonOnHeap(
  heap: WasmHeap,
  { parameter, gradient, velocity }: { parameter: tf.Variable; gradient: tf.Tensor; velocity: tf.Variable },
  shape: readonly [number, number],
  settings: MuonStep,
): void {
  const { learningRate, momentum, weightDecay, rateScale, smallestNorm, iteration } = settings;
  const nextVelocity = heap.isUnshared(velocity) ? velocity : heap.empty(velocity.shape);
  const x = heap.empty(shape);
  {
    const [g, v] = [heap.view(gradient), heap.view(velocity)];
    const [toV, direction] = [heap.view(nextVelocity), heap.view(x)];
    let squares = 0;
    for (let i = 0; i < g.length; i++) {
      const moved = momentum * v[i]! + g[i]!;
      const d = g[i]! + momentum * moved;
      toV[i] = moved;
      direction[i] = d;
      squares += d * d;
    }
    const scale = 1 / (Math.sqrt(squares) + smallestNorm);
    for (let i = 0; i < direction.length; i++) direction[i]! *= scale;
  }
  if (nextVelocity !== velocity) assign(velocity, nextVelocity);
  const orthogonal = orthogonaliseOnHeap(heap, x, shape, iteration);
  // Never in place: XNNPACK keeps filters it has packed under the tensor they came in.
  const nextParameter = heap.empty(parameter.shape);
  const [p, o, toP] = [heap.view(parameter), heap.view(orthogonal), heap.view(nextParameter)];
  const [keep, rate] = [1 - learningRate * weightDecay, learningRate * rateScale];
  for (let i = 0; i < p.length; i++) toP[i] = keep * p[i]! - rate * o[i]!;
  heap.free(orthogonal);
  assign(parameter, nextParameter);
}

/** Takes over `x`; the caller owns the result. */
function orthogonaliseOnHeap(
  heap: WasmHeap,
  x: tf.TensorInfo,
  [rows, columns]: readonly [number, number],
  iteration: MuonStep["iteration"],
): tf.TensorInfo {
  const isTall = rows > columns;
  const turned = transpose(heap, x, [1, 0]);
  let gram = isTall ? matMul(heap, turned, x) : matMul(heap, x, turned);
  heap.free(turned);
  let all: tf.TensorInfo | null = null;
  const multiply = (a: tf.TensorInfo, b: tf.TensorInfo): tf.TensorInfo => {
    const product = matMul(heap, a, b);
    heap.free(b);
    return product;
  };
  for (let i = 0; i < iteration.iterations; i++) {
    const isLast = i === iteration.iterations - 1;
    const polynomial = polynomialOf(heap, gram, iteration);
    all = all === null ? heap.share(polynomial) : multiply(polynomial, all);
    if (isLast) heap.free(gram);
    else gram = multiply(polynomial, multiply(polynomial, gram));
    heap.free(polynomial);
  }
  const product = isTall ? matMul(heap, x, all as tf.TensorInfo) : matMul(heap, all as tf.TensorInfo, x);
  heap.free(all as tf.TensorInfo);
  heap.free(x);
  return product;
}

/** a·1 + b·G + c·G² */
function polynomialOf(
  heap: WasmHeap,
  gram: tf.TensorInfo,
  { a, b, c }: MuonStep["iteration"],
): tf.TensorInfo {
  const square = matMul(heap, gram, gram);
  const [to, from] = [heap.view(square), heap.view(gram)];
  const side = gram.shape[0] as number;
  for (let i = 0; i < to.length; i++) to[i] = c * to[i]! + b * from[i]!;
  for (let i = 0; i < to.length; i += side + 1) to[i]! += a;
  return square;
}
