import { invariant } from "../../../lib/invariant.ts";
import { inputsOf, neededLayers, type Layer, type LayerIndex, type Network } from "../../models/network.ts";
import type { Granularity } from "../../wgsl/granularity.ts";
import { padToFour, type Kernel } from "../../wgsl/kernel.ts";
import type { CompiledActivation, Fused } from "../../wgsl/activation.ts";
import {
  batchNorm,
  batchNormGradient,
  followStatistics,
  normGroups,
  statisticsTable,
  type NormShape,
  type StatisticsRow,
} from "../../wgsl/batchNorm.ts";
import { convolution, convolutionFilterGradient, convolutionInputGradient } from "../../wgsl/convolutions.ts";
import { outputSide, type ConvolutionShape } from "../../wgsl/convolutionShape.ts";
import { depthwise, depthwiseFilterGradient, depthwiseInputGradient } from "../../wgsl/depthwise.ts";
import { activate, activateGradient, add, addTo, sumParts, sumRows } from "../../wgsl/elementwise.ts";
import {
  gate,
  gateGradient,
  gateInputGradient,
  globalAveragePool,
  globalAveragePoolGradient,
  globalMaxPool,
  globalMaxPoolGradient,
  maxPool,
  maxPoolGradient,
  maxPoolNormalised,
} from "../../wgsl/pooling.ts";
import { FlatLayout } from "../plan/parameterLayout.ts";
import type { Plan, PlanSlice, PlanTensor } from "../plan/plan.ts";

/** A result of a layer: [samples, pixels, channels], channels filled up to a multiple of four. */
export interface Value {
  readonly tensor: PlanTensor;
  readonly samples: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** How a network's BatchNorms work. */
export type NormMode =
  | {
      readonly kind: "train";
      readonly views: number;
      /** Interleaved parts of each view with statistics of their own. */
      readonly split: number;
      readonly viewOrder: "forward" | "backward";
    }
  /**
   * Stored statistics, multiplied into the layer before (`uploadFolded`), or taken along by the max pool before: no
   * BatchNorm is left to run.
   */
  | { readonly kind: "folded" };

/** One network's place in a plan. */
export interface NetworkMemory {
  readonly network: Network;
  readonly parameters: FlatLayout;
  readonly buffers: FlatLayout;
  readonly parameterTensor: PlanTensor;
  /** Running statistics; null for a network without BatchNorm. */
  readonly bufferTensor: PlanTensor | null;
}

export function placeNetwork(plan: Plan, network: Network, label: string): NetworkMemory {
  const parameters = FlatLayout.ofParameters(network);
  const buffers = FlatLayout.ofBuffers(network);
  return {
    network,
    parameters,
    buffers,
    parameterTensor: plan.persistent(`${label} parameters`, parameters.size),
    bufferTensor: buffers.size === 0 ? null : plan.persistent(`${label} running statistics`, buffers.size),
  };
}

/** A fused piece of a network, as far as its backward pass must know it. */
interface Operation {
  readonly inputs: readonly LayerIndex[];
  readonly output: LayerIndex;
  readonly backward: (gradient: PlanTensor, sinks: GradientSinks) => void;
}

interface Epilogue {
  /** The layer whose result is written. */
  readonly last: LayerIndex;
  readonly residual: LayerIndex | null;
  readonly activation: CompiledActivation | undefined;
}

export interface ForwardTape {
  readonly memory: NetworkMemory;
  readonly values: ReadonlyMap<LayerIndex, Value>;
  readonly operations: readonly Operation[];
  /** How often the network counts as having been run. */
  readonly views: number;
  /** To be filled once, when the plan is built. */
  readonly constants: readonly { readonly tensor: PlanTensor; readonly data: Float32Array<ArrayBuffer> }[];
}

/**
 * Why a network cannot be compiled, or null when it can. What cannot runs in the reference executor.
 */
export function whyNotCompiled(network: Network): string | null {
  const consumers = consumersOf(network.layers);
  for (const [index, layer] of network.layers.entries()) {
    if (layer.kind === "activation" && layer.fn === "gelu") return "GELU";
    if (layer.kind === "conv" && layer.groups !== 1 && layer.groups !== layer.inChannels)
      return "a grouped convolution";
    if (layer.kind === "conv" && layer.groups !== 1 && layer.outChannels !== layer.inChannels)
      return "a depthwise convolution with several filters to a channel";
    if (layer.kind === "batchNorm") {
      const before = network.layers[layer.input];
      const follows = before?.kind === "conv" || before?.kind === "linear" || before?.kind === "maxPool";
      if (!follows || consumers[layer.input]?.length !== 1)
        return `${layer.name}, a BatchNorm that follows neither a convolution nor a linear layer nor a max pool`;
    }
    if (layer.kind === "input" && index !== 0) return "a second input";
  }
  return null;
}

/**
 * Writes a network's forward pass into a plan.
 *
 * @param input filled up to four channels.
 * @param wanted layers whose results must exist under their own index.
 */
export function planForward(
  plan: Plan,
  memory: NetworkMemory,
  input: Value,
  mode: NormMode,
  wanted: readonly LayerIndex[],
  granularity: Granularity,
): ForwardTape {
  const { network, parameters, parameterTensor } = memory;
  const { layers } = network;
  const consumers = consumersOf(layers);
  const needed = neededLayers(layers, wanted);
  const isFree = (index: LayerIndex): boolean =>
    consumers[index]?.filter((i) => needed.has(i)).length === 1 && !wanted.includes(index);
  const values = new Map<LayerIndex, Value>();
  const operations: Operation[] = [];
  const statisticsRows: StatisticsRow[] = [];
  const done = new Set<LayerIndex>();
  let statisticsSize = 0;
  for (const [index, layer] of layers.entries()) {
    if (mode.kind === "train" && layer.kind === "batchNorm" && needed.has(index))
      statisticsSize += statisticsFloats(mode, layer.channels);
  }
  const statistics = statisticsSize === 0 ? null : plan.transient("statistics", statisticsSize);
  let statisticsUsed = 0;

  const valueOf = (index: LayerIndex): Value => {
    const value = values.get(index);
    invariant(value !== undefined, `layer ${index} is used before it was run`);
    return value;
  };
  const make = (index: LayerIndex, shape: Omit<Value, "tensor">): Value => {
    const layer = layers[index] as Layer;
    const label = "name" in layer ? layer.name : `${layer.kind} ${index}`;
    const size = shape.samples * shape.height * shape.width * shape.channels;
    const value = { ...shape, tensor: plan.transient(label, size) };
    values.set(index, value);
    done.add(index);
    return value;
  };
  const weight = (name: string): PlanSlice => parameters.slice(parameterTensor, `${name}.weight`);
  const bias = (name: string): PlanSlice => parameters.slice(parameterTensor, `${name}.bias`);

  for (const index of needed) {
    if (done.has(index)) continue;
    const layer = layers[index] as Layer;
    switch (layer.kind) {
      case "input":
        values.set(index, input);
        break;
      case "conv":
      case "linear":
        runProduct(index, layer);
        break;
      case "batchNorm":
        runBatchNorm(index, layer);
        break;
      case "activation": {
        const x = valueOf(layer.input);
        const y = make(index, x);
        const fn = layer.fn as CompiledActivation;
        plan.launch(activate(y.tensor.size, fn), [x.tensor, y.tensor]);
        record([layer.input], index, (gradient, sinks) => {
          sinks.add(layer.input, (dx, accumulate) => {
            plan.launch(activateGradient(y.tensor.size, fn, accumulate), [gradient, x.tensor, dx]);
          });
        });
        break;
      }
      case "maxPool": {
        const x = valueOf(layer.input);
        const shape = { ...layer, ...x };
        const result = {
          ...x,
          height: outputSide(x.height, layer),
          width: outputSide(x.width, layer),
        };
        const norm = mode.kind === "folded" ? nextOf(index) : null;
        if (norm?.layer.kind === "batchNorm") {
          const { last, activation } = absorb(norm.index, false);
          const y = make(last, result);
          const affine = [weight(norm.layer.name), bias(norm.layer.name)];
          plan.launch(maxPoolNormalised(shape, activation), [x.tensor, ...affine, y.tensor]);
          break;
        }
        const y = make(index, result);
        const places = plan.transient(`${layer.kind} places`, y.tensor.size);
        plan.launch(maxPool(shape), [x.tensor, y.tensor, places]);
        record([layer.input], index, (gradient, sinks) => {
          sinks.add(layer.input, (dx, accumulate) => {
            plan.launch(maxPoolGradient(shape, accumulate), [gradient, places, dx]);
          });
        });
        break;
      }
      case "globalAveragePool": {
        const x = valueOf(layer.input);
        const shape = { ...x, pixels: x.height * x.width };
        const y = make(index, { ...x, height: 1, width: 1 });
        plan.launch(globalAveragePool(shape, granularity), [x.tensor, y.tensor]);
        record([layer.input], index, (gradient, sinks) => {
          sinks.add(layer.input, (dx, accumulate) => {
            plan.launch(globalAveragePoolGradient(shape, accumulate), [gradient, dx]);
          });
        });
        break;
      }
      case "globalMaxPool": {
        const x = valueOf(layer.input);
        const shape = { ...x, pixels: x.height * x.width };
        const y = make(index, { ...x, height: 1, width: 1 });
        const places = plan.transient(`${layer.kind} places`, y.tensor.size);
        plan.launch(globalMaxPool(shape), [x.tensor, y.tensor, places]);
        record([layer.input], index, (gradient, sinks) => {
          sinks.add(layer.input, (dx, accumulate) => {
            plan.launch(globalMaxPoolGradient(shape, accumulate), [gradient, places, dx]);
          });
        });
        break;
      }
      case "gate": {
        const x = valueOf(layer.input);
        const factor = valueOf(layer.gate);
        const shape = { ...x, pixels: x.height * x.width };
        const y = make(index, x);
        plan.launch(gate(shape), [x.tensor, factor.tensor, y.tensor]);
        record([layer.input, layer.gate], index, (gradient, sinks) => {
          sinks.add(layer.gate, (dGate, accumulate) => {
            invariant(!accumulate, "a gate has one use");
            plan.launch(gateGradient(shape, granularity), [gradient, x.tensor, dGate]);
          });
          sinks.add(layer.input, (dx, accumulate) => {
            plan.launch(gateInputGradient(shape, accumulate), [gradient, factor.tensor, dx]);
          });
        });
        break;
      }
      case "add": {
        const [a, b] = layer.inputs;
        const y = make(index, valueOf(a));
        plan.launch(add(y.tensor.size), [valueOf(a).tensor, valueOf(b).tensor, y.tensor]);
        record([a, b], index, (gradient, sinks) => {
          sinks.adopt(a, gradient);
          sinks.adopt(b, gradient);
        });
        break;
      }
    }
  }

  const constants: { tensor: PlanTensor; data: Float32Array<ArrayBuffer> }[] = [];
  if (mode.kind === "train" && statistics !== null) {
    invariant(memory.bufferTensor !== null, "a network with BatchNorm has running statistics");
    const data = statisticsTable(statisticsRows);
    const table = plan.persistent("statistics table", data.length);
    constants.push({ tensor: table, data });
    plan.launch(followStatistics(data.length / 6, mode, mode.viewOrder), [
      table,
      statistics,
      memory.bufferTensor,
    ]);
  }
  return { memory, values, operations, views: mode.kind === "train" ? mode.views : 1, constants };

  function record(inputs: readonly LayerIndex[], output: LayerIndex, backward: Operation["backward"]): void {
    operations.push({ inputs, output, backward });
  }

  /** The one layer that uses this result, if it may be fused with it. */
  function nextOf(index: LayerIndex): { index: LayerIndex; layer: Layer } | null {
    if (!isFree(index)) return null;
    const next = consumers[index]?.find((i) => needed.has(i));
    return next === undefined ? null : { index: next, layer: layers[next] as Layer };
  }

  /**
   * What can be done to a result before it is written: addition of an earlier one, and an activation. Marks these
   * layers as run.
   */
  function absorb(start: LayerIndex, mayAdd: boolean): Epilogue {
    done.add(start);
    let last = start;
    let residual: LayerIndex | null = null;
    let next = nextOf(last);
    if (mayAdd && next?.layer.kind === "add") {
      const [a, b] = next.layer.inputs;
      const other = a === last ? b : a;
      if (other !== last && values.has(other)) {
        residual = other;
        last = next.index;
        done.add(last);
        const after = nextOf(last);
        // A ReLU's slope can be told from its output; other activations after an addition are left to themselves.
        next = after?.layer.kind === "activation" && after.layer.fn === "relu" ? after : null;
      }
    }
    if (next?.layer.kind !== "activation") return { last, residual, activation: undefined };
    done.add(next.index);
    return { last: next.index, residual, activation: next.layer.fn as CompiledActivation };
  }

  function runProduct(index: LayerIndex, layer: Extract<Layer, { kind: "conv" | "linear" }>): void {
    const x = valueOf(layer.input);
    const isDepthwise = layer.kind === "conv" && layer.groups > 1;
    const shape: ConvolutionShape =
      layer.kind === "conv"
        ? {
            samples: x.samples,
            height: x.height,
            width: x.width,
            inChannels: x.channels,
            outChannels: padToFour(layer.outChannels),
            kernel: layer.kernel,
            stride: layer.stride,
            padding: layer.padding,
          }
        : {
            samples: x.samples,
            height: 1,
            width: 1,
            inChannels: x.channels,
            outChannels: padToFour(layer.outFeatures),
            kernel: 1,
            stride: 1,
            padding: 0,
          };
    const result = {
      samples: x.samples,
      height: outputSide(shape.height, shape),
      width: outputSide(shape.width, shape),
      channels: shape.outChannels,
    };
    // Folded: the BatchNorm behind is in the weights, its shift in the bias, and all that follows in one kernel.
    const norm = mode.kind === "folded" ? nextOf(index) : null;
    if (mode.kind === "folded" && norm?.layer.kind === "batchNorm") {
      const { last, residual, activation } = absorb(norm.index, !isDepthwise);
      const y = make(last, result);
      const fused: Fused = {
        bias: true,
        residual: residual !== null,
        ...(activation === undefined ? {} : { activation }),
      };
      launchProduct(isDepthwise, shape, fused, [
        x.tensor,
        weight(layer.name),
        bias(norm.layer.name),
        ...(residual === null ? [] : [valueOf(residual).tensor]),
        y.tensor,
      ]);
      return; // no gradient flows through a folded network
    }
    const y = make(index, result);
    launchProduct(isDepthwise, shape, { bias: layer.bias }, [
      x.tensor,
      weight(layer.name),
      ...(layer.bias ? [bias(layer.name)] : []),
      y.tensor,
    ]);
    record([layer.input], index, (gradient, sinks) => {
      const into = parameters.slice(sinks.parameterGradients, `${layer.name}.weight`);
      const { kernel, parts, size } = isDepthwise
        ? depthwiseFilterGradient(shape, granularity)
        : convolutionFilterGradient(shape, granularity);
      if (parts === 1) {
        plan.launch(kernel, [x.tensor, gradient, into]);
      } else {
        const sums = plan.transient(`${layer.name} gradient sums`, size);
        plan.launch(kernel, [x.tensor, gradient, sums]);
        plan.launch(sumParts(parts, size / parts), [sums, into]);
      }
      if (layer.bias) {
        const rows = result.samples * result.height * result.width;
        plan.launch(sumRows(rows, shape.outChannels, granularity), [
          gradient,
          parameters.slice(sinks.parameterGradients, `${layer.name}.bias`),
        ]);
      }
      sinks.add(layer.input, (dx, accumulate) => {
        const kernel = isDepthwise
          ? depthwiseInputGradient(shape, accumulate)
          : convolutionInputGradient(shape, accumulate, granularity);
        plan.launch(kernel, [gradient, weight(layer.name), dx]);
      });
    });
  }

  function launchProduct(
    isDepthwise: boolean,
    shape: ConvolutionShape,
    fused: Fused,
    operands: readonly (PlanTensor | PlanSlice)[],
  ): void {
    const kernel: Kernel = isDepthwise ? depthwise(shape, fused) : convolution(shape, fused, granularity);
    plan.launch(kernel, operands);
  }

  function runBatchNorm(index: LayerIndex, layer: Extract<Layer, { kind: "batchNorm" }>): void {
    invariant(mode.kind === "train" && statistics !== null, "a folded network has no BatchNorm left");
    const x = valueOf(layer.input);
    const { last, residual, activation } = absorb(index, true);
    const y = make(last, x);
    const shape: NormShape = {
      views: mode.views,
      samples: x.samples / mode.views,
      split: mode.split,
      pixels: x.height * x.width,
      channels: x.channels,
      eps: layer.eps,
      activation,
      residual: residual !== null,
    };
    const own: PlanSlice = {
      tensor: statistics,
      offset: statisticsUsed,
      size: normGroups(mode) * 2 * x.channels,
    };
    statisticsRows.push({
      from: statisticsUsed / 4,
      channelGroups: x.channels / 4,
      runningMean: memory.buffers.offsetOf(`${layer.name}.running_mean`) / 4,
      runningVariance: memory.buffers.offsetOf(`${layer.name}.running_var`) / 4,
      count: (shape.samples / shape.split) * shape.pixels,
      momentum: layer.momentum,
    });
    statisticsUsed += statisticsFloats(mode, layer.channels);
    const affine = (tensor: PlanTensor): PlanSlice =>
      parameters.span(tensor, `${layer.name}.weight`, `${layer.name}.bias`);
    const residualOperand = residual === null ? [] : [valueOf(residual).tensor];
    const forward = batchNorm(shape, granularity);
    const sums = plan.transient(`${layer.name} sums`, forward.sumsSize);
    plan.launch(forward.sums, [x.tensor, sums]);
    plan.launch(forward.apply, [x.tensor, sums, affine(parameterTensor), ...residualOperand, y.tensor, own]);
    record(residual === null ? [layer.input] : [layer.input, residual], last, (gradient, sinks) => {
      const backward = batchNormGradient(shape, granularity);
      const sums = plan.transient(`${layer.name} gradient sums`, backward.sumsSize);
      const output = backward.readsOutput ? [y.tensor] : [];
      plan.launch(backward.sums, [gradient, x.tensor, own, affine(parameterTensor), ...output, sums]);
      sinks.add(layer.input, (dx, accumulate) => {
        invariant(!accumulate, "a BatchNorm is all that uses its convolution");
        plan.launch(backward.apply, [
          gradient,
          x.tensor,
          own,
          sums,
          affine(parameterTensor),
          ...output,
          dx,
          affine(sinks.parameterGradients),
        ]);
      });
      if (residual !== null) sinks.adopt(residual, gradient); // now through the activation's slope
    });
  }
}

/** Collects the gradients by the results of layers while a tape is walked backwards. */
class GradientSinks {
  private readonly gradients = new Map<LayerIndex, PlanTensor>();

  constructor(
    private readonly plan: Plan,
    private readonly tape: ForwardTape,
    private readonly wanted: ReadonlySet<LayerIndex>,
    /** [parameters' layout] */
    readonly parameterGradients: PlanTensor,
  ) {}

  gradientOf(index: LayerIndex): PlanTensor | undefined {
    return this.gradients.get(index);
  }

  /** A contribution that a kernel can write or add. Not asked for where nobody needs it. */
  add(index: LayerIndex, launch: (into: PlanTensor, accumulate: boolean) => void): void {
    if (!this.wanted.has(index)) return;
    const before = this.gradients.get(index);
    if (before !== undefined) {
      launch(before, true);
      return;
    }
    const value = this.tape.values.get(index);
    invariant(value !== undefined, `layer ${index} has a result`);
    const gradient = this.plan.transient(`gradient of ${value.tensor.label}`, value.tensor.size);
    this.gradients.set(index, gradient);
    launch(gradient, false);
  }

  /** A contribution that lies there already. It may be added to afterwards, so only its last user may give it away. */
  adopt(index: LayerIndex, gradient: PlanTensor): void {
    if (!this.wanted.has(index)) return;
    const isTaken = [...this.gradients].some(([other, tensor]) => tensor === gradient && this.isOpen(other));
    const before = this.gradients.get(index);
    if (before === undefined && !isTaken) {
      this.gradients.set(index, gradient);
      return;
    }
    this.add(index, (into, accumulate) => {
      const { size } = gradient;
      this.plan.launch(accumulate ? addTo(size) : copy(size), [gradient, into]);
    });
  }

  /** Gradients whose producer has not run backwards yet. */
  private readonly closed = new Set<LayerIndex>();
  close(index: LayerIndex): void {
    this.closed.add(index);
  }
  private isOpen(index: LayerIndex): boolean {
    return !this.closed.has(index);
  }
}

/**
 * Writes the backward pass: the gradients by all parameters from those by some results.
 *
 * @param given gradients by results of `tape`; overwritten on the way.
 * @param parameterGradients in the layout of the parameters; parameters out of reach keep what is there (zeros).
 */
export function planBackward(
  plan: Plan,
  tape: ForwardTape,
  given: ReadonlyMap<LayerIndex, PlanTensor>,
  parameterGradients: PlanTensor,
): void {
  const learns = new Set<LayerIndex>(); // results that depend on a parameter
  for (const { inputs, output } of tape.operations) {
    const layer = tape.memory.network.layers[output];
    const ownsParameters = layer?.kind === "conv" || layer?.kind === "linear";
    if (ownsParameters || inputs.some((input) => learns.has(input))) learns.add(output);
  }
  const sinks = new GradientSinks(plan, tape, learns, parameterGradients);
  for (const [index, gradient] of given) sinks.adopt(index, gradient);
  for (const { output, backward } of [...tape.operations].reverse()) {
    const gradient = sinks.gradientOf(output);
    if (gradient === undefined) continue; // nothing asks for it
    sinks.close(output);
    backward(gradient, sinks);
  }
}

/** In groups of four channels the statistics of one BatchNorm start where a binding may. */
function statisticsFloats({ views, split }: { views: number; split: number }, channels: number): number {
  return Math.ceil((normGroups({ views, split }) * 2 * padToFour(channels)) / 64) * 64;
}

function copy(size: number): Kernel {
  return { ...addTo(size), label: "copy", body: addTo(size).body.replace("+=", "=") };
}

function consumersOf(layers: readonly Layer[]): readonly (readonly LayerIndex[])[] {
  const consumers: LayerIndex[][] = layers.map(() => []);
  layers.forEach((layer, index) => {
    for (const input of inputsOf(layer)) consumers[input]?.push(index);
  });
  return consumers;
}
