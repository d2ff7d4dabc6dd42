import { invariant } from "../../lib/invariant.ts";
import { muonOnHeap } from "../wasm/muonUpdate.ts";
import { WasmHeap } from "../wasm/wasmHeap.ts";
import * as tf from "../tfjs/tf.ts";
import { Adam } from "./adam.ts";
import { matrixShape, newtonSchulz, rateScale, smallestNorm, vectorRule } from "./muonRule.ts";
import type { Optimiser } from "./optimiser.ts";
import { ParameterState } from "./parameterState.ts";

export interface MuonOptions {
  readonly momentum: number;
  /** λ, decoupled; of matrices only. */
  readonly weightDecay: number;
}

/**
 * Muon (Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024): momentum whose every matrix
 * is made nearly orthogonal before it is applied, so that all directions of a weight learn at one speed.
 *
 *     v ← μ·v + g        d = g + μ·v (Nesterov)        X = d/‖d‖_F
 *     five times:  A = XXᵀ;  X ← a·X + (b·A + c·A²)X
 *     W ← (1 − lr·λ)·W − lr·√max(1, rows/columns)·X
 *
 * A weight with at least two dimensions is the matrix [out, in·k²] of PyTorch's layout, the first layer's and the
 * head's among them, which Jordan leaves to Adam. Everything else follows Adam at a tenth of the rate.
 *
 * In memory a matrix lies transposed and with its columns in another order, [k²·in, out]. The result is the same: the
 * orthogonalised matrix of P·W·Q is P·X·Q for permutations P and Q.
 */
export class Muon implements Optimiser {
  private readonly vectors = new Adam({ ...vectorRule, weightDecay: 0, decoupled: true });
  /** Velocities of matrices, moments of everything else. */
  readonly slots = { velocity: new ParameterState(), ...this.vectors.slots };

  constructor(private readonly options: MuonOptions) {}

  get steps(): number {
    return this.vectors.steps;
  }

  set steps(steps: number) {
    this.vectors.steps = steps;
  }

  step(
    parameters: ReadonlyMap<string, tf.Variable>,
    gradients: ReadonlyMap<string, tf.Tensor>,
    learningRate: number,
  ): void {
    const heap = WasmHeap.current();
    const { momentum, weightDecay } = this.options;
    const vectors = new Map<string, tf.Variable>();
    for (const [name, parameter] of parameters) {
      if (parameter.rank < 2) {
        vectors.set(name, parameter);
        continue;
      }
      const gradient = gradients.get(name);
      invariant(gradient !== undefined, `no gradient for ${name}`);
      const velocity = this.slots.velocity.of(name, parameter);
      const shape = matrixShape(parameter.shape);
      const settings = { learningRate, momentum, weightDecay };
      if (heap !== null) {
        const step = { ...settings, rateScale: rateScale(shape), smallestNorm, iteration: newtonSchulz };
        muonOnHeap(heap, { parameter, gradient, velocity }, shape, step);
      } else tf.tidy(() => moveMatrix({ parameter, gradient, velocity }, shape, settings));
    }
    this.vectors.step(vectors, gradients, learningRate * vectorRule.rateShare);
  }

  dispose(): void {
    this.slots.velocity.dispose();
    this.vectors.dispose();
  }
}

interface MatrixState {
  readonly parameter: tf.Variable;
  readonly gradient: tf.Tensor;
  readonly velocity: tf.Variable;
}

function moveMatrix(
  { parameter, gradient, velocity }: MatrixState,
  shape: readonly [number, number],
  { learningRate, momentum, weightDecay }: MuonOptions & { readonly learningRate: number },
): void {
  velocity.assign(tf.add(tf.mul(velocity, momentum), gradient));
  const direction = tf.add(gradient, tf.mul(velocity, momentum));
  const x = orthogonalise(tf.reshape(direction, [...shape]));
  const move = tf.mul(tf.reshape(x, parameter.shape), learningRate * rateScale(shape));
  parameter.assign(tf.sub(tf.mul(parameter, 1 - learningRate * weightDecay), move));
}

/** The matrix with the same singular vectors and singular values near 1 (within some 30 %). Call inside `tf.tidy`. */
function orthogonalise(matrix: tf.Tensor2D): tf.Tensor2D {
  const { a, b, c, iterations } = newtonSchulz;
  const isTall = matrix.shape[0] > matrix.shape[1];
  let x: tf.Tensor2D = tf.div(matrix, tf.add(tf.norm(matrix), smallestNorm));
  for (let i = 0; i < iterations; i++) {
    // Products with the smaller of the two Gram matrices.
    const gram = isTall ? tf.matMul(x, x, true, false) : tf.matMul(x, x, false, true);
    const polynomial = tf.add(tf.mul(gram, b), tf.mul(tf.matMul(gram, gram), c));
    const product = isTall ? tf.matMul(x, polynomial) : tf.matMul(polynomial, x);
    x = tf.add(tf.mul(x, a), product);
  }
  return x;
}
