import { invariant } from "../../lib/invariant.ts";
import type { Prng } from "../../lib/prng.ts";
import * as tf from "../tfjs/tf.ts";
import { stateDictSpec, type Network, type TensorSpec } from "./network.ts";
import { isBuffer } from "./parameterCount.ts";
import { compareStateDict, mismatchError } from "./stateDictMismatch.ts";

/**
 * The tensors of one network, under their torchvision names.
 *
 * In memory, tfjs's layouts: convolution [k, k, in, out], depthwise [k, k, C, 1], linear [in, out]. In files and
 * at every other boundary, PyTorch's: OIHW and [out, in]. `toPyTorchLayout` and `fromPyTorchLayout` convert.
 */
export interface Weights {
  /** Learnt by gradient: convolution and linear weights, biases, BatchNorm scale and shift. */
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  /** BatchNorm's running_mean and running_var. */
  readonly buffers: ReadonlyMap<string, tf.Variable>;
  /** PyTorch's num_batches_tracked, the same for every BatchNorm of the network. */
  batchesTracked: number;
}

/** A state dict in PyTorch's layouts. */
export type StateDict = ReadonlyMap<
  string,
  { readonly shape: readonly number[]; readonly data: Float32Array }
>;

/**
 * Weights as PyTorch would start them: convolutions Kaiming-normal with fan-out (torchvision's; a squeeze-excite's
 * layers are convolutions there, with biases of 0), linear layers and biases uniform in ±1/√fan_in (nn.Linear's
 * default), BatchNorm 1/0, unless a layer
 * says otherwise.
 */
export function initialiseWeights(network: Network, prng: Prng): Weights {
  const state = new Map<string, { shape: readonly number[]; data: Float32Array }>();
  const fanIn = new Map<string, number>();
  const storedAsConv = new Set<string>();
  const zeroScales = new Set<string>();
  for (const layer of network.layers) {
    if (layer.kind === "batchNorm" && layer.startsAtZero) zeroScales.add(layer.name);
    if (layer.kind === "linear") fanIn.set(layer.name, layer.inFeatures);
    if (layer.kind === "linear" && layer.storedAsConv) storedAsConv.add(layer.name);
    if (layer.kind === "conv")
      fanIn.set(layer.name, (layer.inChannels / layer.groups) * layer.kernel * layer.kernel);
  }
  for (const spec of stateDictSpec(network)) {
    const data = new Float32Array(sizeOf(spec.shape));
    const owner = spec.name.slice(0, spec.name.lastIndexOf("."));
    switch (spec.role) {
      case "convWeight":
      case "depthwiseWeight": {
        fillKaimingNormal(data, spec.shape, prng);
        break;
      }
      case "linearWeight":
      case "bias": {
        const asConvolution = storedAsConv.has(owner);
        if (asConvolution && spec.role === "linearWeight") fillKaimingNormal(data, spec.shape, prng);
        if (asConvolution) break; // its bias starts at 0
        const bound = 1 / Math.sqrt(fanIn.get(owner) ?? 1);
        for (let i = 0; i < data.length; i++) data[i] = prng.between(-bound, bound);
        break;
      }
      case "normWeight":
        data.fill(zeroScales.has(owner) ? 0 : 1);
        break;
      case "runningVar":
        data.fill(1);
        break;
      case "normBias":
      case "runningMean":
      case "batchesTracked":
        break;
    }
    state.set(spec.name, { shape: spec.shape, data });
  }
  return loadWeights(network, state, true);
}

/** N(0, 2/fan_out), fan_out = out · kh · kw: PyTorch counts it so for grouped convolutions too. */
function fillKaimingNormal(data: Float32Array, shape: readonly number[], prng: Prng): void {
  const [out = 1, , kh = 1, kw = 1] = shape;
  const std = Math.sqrt(2 / (out * kh * kw));
  for (let i = 0; i < data.length; i++) data[i] = std * prng.normal();
}

/**
 * Weights from a state dict that must hold exactly the network's tensors (`num_batches_tracked` may be absent):
 * never a partial load, which would leave a random network in silence.
 *
 * @throws AppError "teacher-mismatch" with every missing, unexpected and wrongly shaped tensor.
 */
export function loadWeights(network: Network, state: StateDict, trainable: boolean): Weights {
  const mismatch = mismatchError(network, compareStateDict(network, state));
  if (mismatch !== null) throw mismatch;
  const parameters = new Map<string, tf.Variable>();
  const buffers = new Map<string, tf.Variable>();
  let batchesTracked = 0;
  for (const spec of stateDictSpec(network)) {
    const found = state.get(spec.name);
    if (spec.role === "batchesTracked") {
      batchesTracked = Math.max(batchesTracked, found?.data[0] ?? 0);
      continue;
    }
    invariant(found !== undefined, `${spec.name} was checked above`);
    const value = tf.tidy(() => fromPyTorchLayout(spec, found.data));
    const variable = variableFrom(value, spec.name, trainable && !isBuffer(spec));
    (isBuffer(spec) ? buffers : parameters).set(spec.name, variable);
  }
  return { parameters, buffers, batchesTracked };
}

/** An independent copy: the same parameters, and fresh or copied running statistics. */
export function copyWeights(weights: Weights, buffers: "fresh" | "copy"): Weights {
  const parameters = new Map<string, tf.Variable>();
  for (const [name, value] of weights.parameters)
    parameters.set(name, variableFrom(tf.clone(value), name, false));
  const buffersCopy = new Map<string, tf.Variable>();
  for (const [name, value] of weights.buffers) {
    const initial =
      buffers === "copy"
        ? tf.clone(value)
        : name.endsWith("running_var")
          ? tf.onesLike(value)
          : tf.zerosLike(value);
    buffersCopy.set(name, variableFrom(initial, name, false));
  }
  return {
    parameters,
    buffers: buffersCopy,
    batchesTracked: buffers === "copy" ? weights.batchesTracked : 0,
  };
}

/** How to free what goes with weights. */
const derived = new WeakMap<Weights, Set<(weights: Weights) => void>>();

/** Has `free` called, once, when the weights are disposed of: for what an executor keeps beside them. */
export function freeWith(weights: Weights, free: (weights: Weights) => void): void {
  const all = derived.get(weights) ?? new Set();
  derived.set(weights, all.add(free));
}

export function disposeWeights(weights: Weights): void {
  for (const free of derived.get(weights) ?? []) free(weights);
  derived.delete(weights);
  for (const value of weights.parameters.values()) value.dispose();
  for (const value of weights.buffers.values()) value.dispose();
}

/** Reads every tensor back (a sync point each) in PyTorch's order, names and layouts. */
export async function saveWeights(network: Network, weights: Weights): Promise<StateDict> {
  const state = new Map<string, { shape: readonly number[]; data: Float32Array }>();
  for (const spec of stateDictSpec(network)) {
    if (spec.role === "batchesTracked") {
      state.set(spec.name, { shape: [], data: Float32Array.of(weights.batchesTracked) });
      continue;
    }
    const variable = weights.parameters.get(spec.name) ?? weights.buffers.get(spec.name);
    invariant(variable !== undefined, `weights lack ${spec.name}`);
    const value = tf.tidy(() => toPyTorchLayout(spec, variable));
    const data = await value.data<"float32">();
    value.dispose();
    state.set(spec.name, { shape: spec.shape, data: Float32Array.from(data) });
  }
  return state;
}

/** One tensor of a state dict in tfjs's layout. */
export function fromPyTorchLayout(spec: TensorSpec, data: Float32Array): tf.Tensor {
  if (spec.role === "convWeight") return tf.transpose(tf.tensor(data, [...spec.shape]), [2, 3, 1, 0]);
  if (spec.role === "depthwiseWeight") return tf.transpose(tf.tensor(data, [...spec.shape]), [2, 3, 0, 1]);
  if (spec.role === "linearWeight") return tf.transpose(tf.tensor(data, spec.shape.slice(0, 2)));
  return tf.tensor(data, [...spec.shape]);
}

/** The inverse of `fromPyTorchLayout`; also right for a gradient, which has its parameter's layout. */
export function toPyTorchLayout(spec: TensorSpec, value: tf.Tensor): tf.Tensor {
  if (spec.role === "convWeight") return tf.transpose(value, [3, 2, 0, 1]);
  if (spec.role === "depthwiseWeight") return tf.transpose(value, [2, 3, 0, 1]);
  if (spec.role === "linearWeight") return tf.reshape(tf.transpose(value), [...spec.shape]);
  return tf.clone(value);
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

let serial = 0;
/** Takes over `value`. Variables need a globally unique name inside tfjs; ours are only unique within a network. */
function variableFrom(value: tf.Tensor, name: string, trainable: boolean): tf.Variable {
  const variable = tf.variable(value, trainable, `${name}#${++serial}`);
  value.dispose();
  return variable;
}
