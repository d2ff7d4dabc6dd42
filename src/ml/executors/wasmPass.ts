import { invariant } from "../../lib/invariant.ts";
import {
  convolve,
  convolveWithBias,
  filterGradientOnHeap,
  inputGradientOnHeap,
} from "../wasm/heapConvolution.ts";
import { valuesPerChannel } from "../tfjs/batchNorm.ts";
import { activate, activationGradient } from "../wasm/activations.ts";
import {
  addInto,
  addVector,
  clampBelowZero,
  columnSums,
  gateChannels,
  gateGradients,
  poolMeans,
  productWithTransposed,
  spreadMeans,
  zeroWhereClamped,
} from "../wasm/heapLoops.ts";
import {
  batchNormBackward,
  batchNormForward,
  frozenBatchNormBackward,
  frozenBatchNormForward,
} from "../wasm/trainBatchNorm.ts";
import type { WasmHeap } from "../wasm/wasmHeap.ts";
import { isTapeOn, runTaped } from "../tfjs/tapedOperation.ts";
import type * as tf from "../tfjs/tf.ts";
import { foldedFilter, forgetFoldedFilters } from "./foldedFilters.ts";
import { inputsOf, type Layer, type LayerIndex, type Network } from "../models/network.ts";
import type { ForwardOptions } from "./forwardOptions.ts";
import type { Weights } from "../models/weights.ts";

type LayerOf<K extends Layer["kind"]> = Extract<Layer, { kind: K }>;

/**
 * Whether every layer of a network is one that `forwardOnHeap` knows: all but convolutions of several groups of several
 * channels, and such as are padded by more than their kernel.
 */
export function runsOnHeap(network: Network): boolean {
  return network.layers.every(
    (layer) =>
      layer.kind !== "conv" ||
      ((layer.groups === 1 || isDepthwise(layer)) && layer.padding < Math.max(2, layer.kernel)),
  );
}

function isDepthwise({ groups, inChannels, outChannels }: LayerOf<"conv">): boolean {
  return groups > 1 && groups === inChannels && groups === outChannels;
}

/**
 * What `forwardLayerByLayer` computes, on tfjs's WASM backend but without tfjs's engine between the
 * layers: a whole pass is one operation to the tape. In small networks scopes, tape and bookkeeping of some thousand
 * tensors a step cost more than the arithmetic (docs/PERFORMANCE.md).
 *
 * @param needed layers to run.
 * @param views equal stretches of the input's samples, whose statistics are taken apart as if each had a pass of its own.
 */
export function forwardOnHeap(
  heap: WasmHeap,
  network: Network,
  weights: Weights,
  input: tf.Tensor4D,
  wanted: readonly LayerIndex[],
  needed: ReadonlySet<LayerIndex>,
  options: ForwardOptions,
  views: number,
): tf.Tensor[] {
  const pass = new HeapPass(heap, network, weights, wanted, needed, options, isTapeOn(), views);
  return runTaped({
    inputs: { input, ...pass.parameters() },
    forwards: (save) => {
      const { outputs, kept } = pass.forwards(input);
      save(kept);
      return outputs;
    },
    backwards: (dy, saved) => pass.backwards(dy, saved, input),
  });
}

/** One pass of a network, and the way back. Whoever is handed a `TensorInfo` owns it. */
class HeapPass {
  /** How often each result is read: by layers, by the caller, and (once) by the way back. */
  private readonly uses: number[];
  /** Results that the way back reads. */
  private readonly kept: LayerIndex[];
  /** Of each BatchNorm in train mode. */
  private readonly statistics = new Map<LayerIndex, Float32Array>();
  private readonly layers: readonly (readonly [LayerIndex, Layer])[];
  /** Layers that clamp their result in place of the activation behind them. */
  private readonly clamping = new Set<LayerIndex>();
  /** BatchNorms that the convolution before them does as well, by that convolution. */
  private readonly folded = new Map<LayerIndex, readonly [LayerIndex, LayerOf<"batchNorm">]>();

  constructor(
    private readonly heap: WasmHeap,
    network: Network,
    private readonly weights: Weights,
    private readonly wanted: readonly LayerIndex[],
    needed: ReadonlySet<LayerIndex>,
    private readonly options: ForwardOptions,
    recording: boolean,
    /** Equal stretches of the input's samples. */
    private readonly views: number,
  ) {
    this.layers = [...network.layers.entries()].filter(([index]) => needed.has(index));
    const kept = new Set<LayerIndex>();
    this.uses = network.layers.map(() => 0);
    const use = (index: LayerIndex): void => void (this.uses[index] = this.usesOf(index) + 1);
    for (const [index, layer] of this.layers) {
      inputsOf(layer).forEach(use);
      if (!recording || layer.kind === "input" || layer.kind === "add") continue;
      if (isRelu(layer)) kept.add(index);
      else for (const input of inputsOf(layer)) kept.add(input);
    }
    wanted.forEach(use);
    kept.forEach(use);
    this.kept = [...kept];
    for (const [index, layer] of this.layers) {
      if (!isRelu(layer) && layer.kind !== "batchNorm") continue;
      const before = network.layers[layer.input];
      if (!this.mayOverwrite(layer.input)) continue;
      if (layer.kind === "activation") {
        if (before?.kind === "batchNorm" || before?.kind === "add") this.clamping.add(layer.input);
      } else if (options.mode === "eval" && before?.kind === "conv" && !before.bias) {
        this.folded.set(layer.input, [index, layer]);
      }
    }
  }

  /** Those that have gradients, under their names. */
  parameters(): Record<string, tf.Tensor> {
    const names = this.layers.flatMap(([, layer]) => {
      if (layer.kind === "batchNorm") return [`${layer.name}.weight`, `${layer.name}.bias`];
      if (layer.kind !== "conv" && layer.kind !== "linear") return [];
      return layer.bias ? [`${layer.name}.weight`, `${layer.name}.bias`] : [`${layer.name}.weight`];
    });
    return Object.fromEntries(names.map((name) => [name, this.parameter(name)]));
  }

  /** @returns the wanted results, and what `backwards` is to be given again. */
  forwards(input: tf.Tensor4D): { outputs: tf.Tensor[]; kept: tf.Tensor[] } {
    const { heap, wanted } = this;
    if (this.options.mode === "train") forgetFoldedFilters(this.weights);
    const values: tf.TensorInfo[] = [];
    const usesLeft = [...this.uses];
    const release = (index: LayerIndex): void => {
      usesLeft[index] = (usesLeft[index] as number) - 1;
      if (usesLeft[index] === 0) heap.free(values[index] as tf.TensorInfo);
    };
    try {
      for (const [index, layer] of this.layers) {
        const value = layer.kind === "input" ? heap.share(input) : this.run(layer, index, values);
        values[index] = value;
        for (const from of inputsOf(layer)) {
          if (values[from] !== value) release(from);
          else usesLeft[from] = 0; // overwritten: it has gone over to its new owner
        }
      }
    } catch (error) {
      values.forEach((value, index) => {
        if ((usesLeft[index] as number) > 0) heap.free(value);
      });
      throw error;
    }
    const asTensor = (index: LayerIndex): tf.Tensor => {
      const tensor = heap.toTensor(heap.share(values[index] as tf.TensorInfo));
      release(index);
      return tensor;
    };
    return { outputs: wanted.map(asTensor), kept: this.kept.map(asTensor) };
  }

  /** @returns for each name of `parameters`, and for "input", what gives its gradient. */
  backwards(dy: readonly tf.Tensor[], saved: readonly tf.Tensor[], input: tf.Tensor4D): GradientMap {
    const { heap, wanted } = this;
    const values: (tf.Tensor | undefined)[] = [];
    this.kept.forEach((index, i) => (values[index] = saved[i]));
    const upstream = new Upstream(heap);
    wanted.forEach((index, i) => upstream.add(index, heap.share(dy[i] as tf.Tensor)));
    const gradients: GradientMap = {};
    const set: SetGradient = (name, info) => {
      const tensor = heap.toTensor(info);
      gradients[name] = () => tensor;
    };
    /** Convolutions of the input: their part of its gradient is hardly ever wanted. */
    const later: (() => tf.TensorInfo)[] = [];
    for (const [index, layer] of [...this.layers].reverse()) {
      const d = upstream.take(index);
      if (d === undefined) continue;
      if (layer.kind === "input") {
        const kept = heap.toTensor(d);
        later.push(() => heap.share(kept));
      } else if (layer.kind === "conv" && layer.input === 0) {
        const kept = heap.toTensor(d); // this scope's, so that it is there when it is wanted
        set(`${layer.name}.weight`, this.filterGradient(layer, kept, values[0] as tf.Tensor));
        if (layer.bias) set(`${layer.name}.bias`, columnSums(heap, kept));
        later.push(() => this.inputGradient(layer, kept, input.shape));
      } else {
        this.back(layer, index, d, values, upstream, set);
      }
    }
    gradients.input = () => {
      const sum = new Upstream(heap);
      for (const part of later) sum.add(0, part());
      const total = sum.take(0);
      invariant(total !== undefined, "the input does not reach the result");
      return heap.toTensor(total);
    };
    return gradients;
  }

  private run(
    layer: Exclude<Layer, { kind: "input" }>,
    index: LayerIndex,
    values: readonly tf.TensorInfo[],
  ): tf.TensorInfo {
    const { heap, options } = this;
    const [from = 0] = inputsOf(layer);
    const x = values[from] as tf.TensorInfo;
    switch (layer.kind) {
      case "conv": {
        const filter = this.parameter(`${layer.name}.weight`);
        const norm = this.folded.get(index);
        if (norm !== undefined) {
          const [at, { name, eps }] = norm;
          const folded = foldedFilter(heap, this.weights, layer.name, filter, this.normOf(name), eps);
          return convolveWithBias(heap, x, folded, layer, this.clamping.has(at));
        }
        const y = convolve(heap, x, filter, layer.padding, layer);
        if (layer.bias) addVector(heap, y, this.parameter(`${layer.name}.bias`));
        return y;
      }
      case "linear": {
        const b = this.parameter(`${layer.name}.weight`);
        const y = heap.run("BatchMatMul", { a: x, b }, { transposeA: false, transposeB: false });
        if (layer.bias) addVector(heap, y, this.parameter(`${layer.name}.bias`));
        return y;
      }
      case "batchNorm": {
        if (this.folded.has(from)) return x;
        const { name, eps } = layer;
        const { subBatches = 1 } = options;
        if (options.mode === "train") valuesPerChannel(x.shape, subBatches * this.views);
        const lowest = this.clamping.has(index) ? 0 : -Infinity;
        const target = this.mayOverwrite(from) ? x : heap.empty(x.shape);
        const norm = this.normOf(name);
        if (options.mode === "eval") {
          frozenBatchNormForward(heap, x, target, norm, { eps, lowest });
          return target;
        }
        const { moments, statistics } = batchNormForward(heap, x, target, norm.gamma, norm.beta, {
          eps,
          subBatches,
          views: this.views,
          lowest,
        });
        this.statistics.set(index, statistics);
        const momentum = options.statisticsMomentum ?? layer.momentum;
        for (const { mean, variance } of moments) {
          follow(heap, norm.mean, mean, momentum);
          follow(heap, norm.variance, variance, momentum);
        }
        return target;
      }
      case "activation": {
        if (this.clamping.has(from)) return x;
        const y = this.mayOverwrite(from) ? x : heap.empty(x.shape);
        if (layer.fn === "relu") clampBelowZero(heap, x, y);
        else activate(heap, layer.fn, x, y);
        return y;
      }
      case "add": {
        const [first, second] = layer.inputs;
        const [a, b] = [values[first] as tf.TensorInfo, values[second] as tf.TensorInfo];
        const target = this.mayOverwrite(first) ? a : this.mayOverwrite(second) ? b : heap.empty(a.shape);
        addInto(heap, a, b, target, this.clamping.has(index) ? 0 : -Infinity);
        return target;
      }
      case "maxPool":
        return heap.run("MaxPool", { x }, poolAttributes(layer));
      case "globalMaxPool": {
        const pooled = heap.run("MaxPool", { x }, wholeImage(x.shape));
        return { ...pooled, shape: [x.shape[0] as number, x.shape[3] as number] };
      }
      case "globalAveragePool":
        return poolMeans(heap, x);
      case "gate":
        return gateChannels(heap, x, values[layer.gate] as tf.TensorInfo);
    }
  }

  /** Adds what a layer does with `d`, the gradient of its result, to its inputs' and its parameters' gradients. */
  private back(
    layer: Exclude<Layer, { kind: "input" }>,
    index: LayerIndex,
    d: tf.TensorInfo,
    values: readonly (tf.Tensor | undefined)[],
    upstream: Upstream,
    set: SetGradient,
  ): void {
    const { heap, options } = this;
    const kept = (at: LayerIndex): tf.Tensor => {
      const value = values[at];
      invariant(value !== undefined, `the result of layer ${at} was not kept`);
      return value;
    };
    switch (layer.kind) {
      case "conv": {
        const x = kept(layer.input);
        set(`${layer.name}.weight`, this.filterGradient(layer, d, x));
        if (layer.bias) set(`${layer.name}.bias`, columnSums(heap, d));
        upstream.add(layer.input, this.inputGradient(layer, d, x.shape));
        break;
      }
      case "linear": {
        const { name, bias } = layer;
        set(`${name}.weight`, productWithTransposed(heap, "a", kept(layer.input), d));
        if (bias) set(`${name}.bias`, columnSums(heap, d));
        upstream.add(layer.input, productWithTransposed(heap, "b", d, this.parameter(`${name}.weight`)));
        break;
      }
      case "batchNorm": {
        const { name, eps, input } = layer;
        const norm = this.normOf(name);
        const statistics = this.statistics.get(index);
        const { dx, dGamma, dBeta } =
          statistics === undefined
            ? frozenBatchNormBackward(heap, d, kept(input), norm, eps)
            : batchNormBackward(heap, d, kept(input), statistics, norm.gamma, {
                eps,
                subBatches: options.subBatches ?? 1,
                views: this.views,
              });
        set(`${name}.weight`, dGamma);
        set(`${name}.bias`, dBeta);
        upstream.add(input, dx);
        break;
      }
      case "activation":
        upstream.add(
          layer.input,
          layer.fn === "relu"
            ? zeroWhereClamped(heap, d, kept(index))
            : activationGradient(heap, layer.fn, d, kept(layer.input)),
        );
        break;
      case "add":
        upstream.add(layer.inputs[0], heap.share(d));
        upstream.add(layer.inputs[1], heap.share(d));
        break;
      case "maxPool": {
        const input = kept(layer.input);
        upstream.add(layer.input, heap.run("MaxPoolGrad", { dy: d, input }, poolAttributes(layer)));
        break;
      }
      case "globalMaxPool": {
        const input = kept(layer.input);
        const [samples = 0, , , channels = 0] = input.shape;
        const dy = { ...d, shape: [samples, 1, 1, channels] };
        upstream.add(layer.input, heap.run("MaxPoolGrad", { dy, input }, wholeImage(input.shape)));
        break;
      }
      case "globalAveragePool":
        upstream.add(layer.input, spreadMeans(heap, d, kept(layer.input).shape));
        break;
      case "gate": {
        const { dx, dGate } = gateGradients(heap, d, kept(layer.input), kept(layer.gate));
        upstream.add(layer.input, dx);
        upstream.add(layer.gate, dGate);
      }
    }
    heap.free(d);
  }

  private filterGradient(layer: LayerOf<"conv">, d: tf.TensorInfo, x: tf.TensorInfo): tf.TensorInfo {
    return filterGradientOnHeap(this.heap, x, d, this.parameter(`${layer.name}.weight`).shape, layer);
  }

  private inputGradient(layer: LayerOf<"conv">, d: tf.TensorInfo, shape: readonly number[]): tf.TensorInfo {
    return inputGradientOnHeap(this.heap, d, this.parameter(`${layer.name}.weight`), shape, layer);
  }

  private usesOf(index: LayerIndex): number {
    return this.uses[index] ?? 0;
  }

  /** Whether a layer may put its result in place of this input: nobody else reads it. */
  private mayOverwrite(index: LayerIndex): boolean {
    return index !== 0 && this.usesOf(index) === 1;
  }

  private parameter(name: string): tf.Variable {
    const value = this.weights.parameters.get(name);
    invariant(value !== undefined, `weights lack ${name}`);
    return value;
  }

  /** A BatchNorm's running statistics and parameters. */
  private normOf(name: string): Record<"mean" | "variance" | "gamma" | "beta", tf.Variable> {
    const mean = this.weights.buffers.get(`${name}.running_mean`);
    const variance = this.weights.buffers.get(`${name}.running_var`);
    invariant(mean !== undefined && variance !== undefined, `weights lack ${name}'s statistics`);
    return { mean, variance, gamma: this.parameter(`${name}.weight`), beta: this.parameter(`${name}.bias`) };
  }
}

type GradientMap = Record<string, () => tf.Tensor>;
type SetGradient = (name: string, gradient: tf.TensorInfo) => void;

/** Gradients on their way back, summed where a result was read more than once. */
class Upstream {
  private readonly sums = new Map<LayerIndex, tf.TensorInfo>();

  constructor(private readonly heap: WasmHeap) {}

  /** Takes over `gradient`. */
  add(index: LayerIndex, gradient: tf.TensorInfo): void {
    const { heap, sums } = this;
    const before = sums.get(index);
    if (before === undefined) {
      sums.set(index, gradient);
      return;
    }
    const target = heap.isUnshared(gradient)
      ? gradient
      : heap.isUnshared(before)
        ? before
        : heap.empty(gradient.shape);
    addInto(heap, before, gradient, target);
    for (const part of [before, gradient]) if (part !== target) heap.free(part);
    sums.set(index, target);
  }

  /** Hands over what has arrived. */
  take(index: LayerIndex): tf.TensorInfo | undefined {
    const sum = this.sums.get(index);
    this.sums.delete(index);
    return sum;
  }
}

function poolAttributes({ kernel, stride, padding }: LayerOf<"maxPool">): object {
  return { filterSize: [kernel, kernel], strides: [stride, stride], pad: padding };
}

/** One window as large as the image. @param shape [N, H, W, C] */
function wholeImage([, height, width]: readonly number[]): object {
  return { filterSize: [height, width], strides: [1, 1], pad: "valid" };
}

/** running ← (1 − momentum)·running + momentum·value, in place where nobody else sees it. */
function follow(heap: WasmHeap, running: tf.Variable, value: Float32Array, momentum: number): void {
  const target = heap.isUnshared(running) ? running : heap.empty(running.shape);
  const [before, after] = [heap.view(running), heap.view(target)];
  for (let c = 0; c < value.length; c++) {
    after[c] = (1 - momentum) * (before[c] as number) + momentum * (value[c] as number);
  }
  if (target === running) return;
  const next = heap.toTensor(target);
  running.assign(next);
  next.dispose();
}

/** What is done in place, and whose gradient needs its result, not its input. */
function isRelu(layer: Layer): layer is LayerOf<"activation"> {
  return layer.kind === "activation" && layer.fn === "relu";
}
