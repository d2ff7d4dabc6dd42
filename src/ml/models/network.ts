import { invariant } from "../../lib/invariant.ts";

/**
 * A network as data: a list of layers in execution order, each naming its inputs by position. Nothing here
 * computes; executors do (`executors/forward.ts`, on any backend).
 *
 * Layer 0 is always the input, [N, H, W, C]. Parameter names are torchvision's, so a layer called
 * "layer1.0.conv1" owns "layer1.0.conv1.weight". Padding is symmetric and explicit, as in PyTorch.
 */
export type LayerIndex = number;
export const activationNames = [
  "relu",
  "relu6",
  "hardswish",
  "hardsigmoid",
  "silu",
  "sigmoid",
  "gelu", // exact, with the error function
] as const;
export type ActivationName = (typeof activationNames)[number];

export type Layer =
  | { readonly kind: "input"; readonly channels: number }
  | {
      /** [N, H, W, in] → [N, H′, W′, out], H′ = ⌊(H + 2·padding − kernel)/stride⌋ + 1. in = groups: depthwise. */
      readonly kind: "conv";
      readonly name: string;
      readonly input: LayerIndex;
      readonly inChannels: number;
      readonly outChannels: number;
      readonly kernel: number;
      readonly stride: number;
      readonly padding: number;
      readonly groups: number;
      readonly bias: boolean;
    }
  | {
      /** Over the last axis of [N, H, W, C] or [N, C]. momentum is PyTorch's: running ← (1−m)·running + m·batch. */
      readonly kind: "batchNorm";
      readonly name: string;
      readonly input: LayerIndex;
      readonly channels: number;
      readonly eps: number;
      readonly momentum: number;
      /** Its scale starts at 0 in place of 1: a residual branch's last, which so begins as nothing. */
      readonly startsAtZero?: true;
    }
  | { readonly kind: "activation"; readonly input: LayerIndex; readonly fn: ActivationName }
  | {
      readonly kind: "maxPool";
      readonly input: LayerIndex;
      readonly kernel: number;
      readonly stride: number;
      readonly padding: number;
    }
  /** Mean over H and W: [N, H, W, C] → [N, C]. */
  | { readonly kind: "globalAveragePool"; readonly input: LayerIndex }
  /** Maximum over H and W: [N, H, W, C] → [N, C]; its gradient goes to the first of equal values. */
  | { readonly kind: "globalMaxPool"; readonly input: LayerIndex }
  | { readonly kind: "add"; readonly inputs: readonly [LayerIndex, LayerIndex] }
  /** Squeeze-excite's last step: [N, H, W, C] · gate [N, C]. */
  | { readonly kind: "gate"; readonly input: LayerIndex; readonly gate: LayerIndex }
  | {
      /** [N, in] → [N, out]. */
      readonly kind: "linear";
      readonly name: string;
      readonly input: LayerIndex;
      readonly inFeatures: number;
      readonly outFeatures: number;
      readonly bias: boolean;
      /** Stored in files as a 1×1 convolution [out, in, 1, 1] (torchvision's squeeze-excite). */
      readonly storedAsConv?: true;
    };

export interface Network {
  /** "ResNet-18, 3×3 stem, width 8". */
  readonly title: string;
  readonly layers: readonly Layer[];
  /** The pooled backbone features, [N, featureDim]. */
  readonly features: LayerIndex;
  readonly featureDim: number;
  /** The head's output, [N, embeddingDim], not normalised; equal to `features` when there is no head. */
  readonly embedding: LayerIndex;
  readonly embeddingDim: number;
  /** Named intermediate results, e.g. "layer1", for tests and inspection. */
  readonly taps: Readonly<Record<string, LayerIndex>>;
}

export type TensorRole =
  | "convWeight"
  | "depthwiseWeight"
  | "linearWeight"
  | "bias"
  | "normWeight"
  | "normBias"
  | "runningMean"
  | "runningVar"
  | "batchesTracked";

/** One tensor of a state dict, in PyTorch's order, name, and shape (OIHW, [out, in]). */
export interface TensorSpec {
  readonly name: string;
  readonly role: TensorRole;
  readonly shape: readonly number[];
}

/** The state dict of a network: every tensor a checkpoint must have, in PyTorch's order of modules. */
export function stateDictSpec(network: Network): readonly TensorSpec[] {
  const specs: TensorSpec[] = [];
  for (const layer of network.layers) {
    if (layer.kind === "conv") {
      const { name, inChannels, outChannels, kernel, groups } = layer;
      specs.push({
        name: `${name}.weight`,
        role: groups > 1 && groups === inChannels ? "depthwiseWeight" : "convWeight",
        shape: [outChannels, inChannels / groups, kernel, kernel],
      });
      if (layer.bias) specs.push({ name: `${name}.bias`, role: "bias", shape: [outChannels] });
    } else if (layer.kind === "linear") {
      const { name, inFeatures, outFeatures, storedAsConv } = layer;
      const shape = storedAsConv ? [outFeatures, inFeatures, 1, 1] : [outFeatures, inFeatures];
      specs.push({ name: `${name}.weight`, role: "linearWeight", shape });
      if (layer.bias) specs.push({ name: `${name}.bias`, role: "bias", shape: [outFeatures] });
    } else if (layer.kind === "batchNorm") {
      const shape = [layer.channels];
      specs.push(
        { name: `${layer.name}.weight`, role: "normWeight", shape },
        { name: `${layer.name}.bias`, role: "normBias", shape },
        { name: `${layer.name}.running_mean`, role: "runningMean", shape },
        { name: `${layer.name}.running_var`, role: "runningVar", shape },
        { name: `${layer.name}.num_batches_tracked`, role: "batchesTracked", shape: [] },
      );
    }
  }
  return specs;
}

/** Builds a network layer by layer; each method returns the new layer's index. */
export class NetworkBuilder {
  readonly layers: Layer[] = [];
  readonly taps: Record<string, LayerIndex> = {};

  private push(layer: Layer): LayerIndex {
    this.layers.push(layer);
    return this.layers.length - 1;
  }
  input(channels: number): LayerIndex {
    return this.push({ kind: "input", channels });
  }
  conv(
    name: string,
    input: LayerIndex,
    inChannels: number,
    outChannels: number,
    kernel: number,
    more: { stride?: number; padding?: number; groups?: number; bias?: boolean } = {},
  ): LayerIndex {
    const { stride = 1, padding = (kernel - 1) >> 1, groups = 1, bias = false } = more;
    return this.push({
      kind: "conv",
      name,
      input,
      inChannels,
      outChannels,
      kernel,
      stride,
      padding,
      groups,
      bias,
    });
  }
  batchNorm(
    name: string,
    input: LayerIndex,
    channels: number,
    eps = 1e-5,
    momentum = 0.1,
    { startsAtZero = false } = {},
  ): LayerIndex {
    const layer = { kind: "batchNorm", name, input, channels, eps, momentum } as const;
    return this.push(startsAtZero ? { ...layer, startsAtZero } : layer);
  }
  activation(input: LayerIndex, fn: ActivationName): LayerIndex {
    return this.push({ kind: "activation", input, fn });
  }
  maxPool(input: LayerIndex, kernel: number, stride: number, padding: number): LayerIndex {
    return this.push({ kind: "maxPool", input, kernel, stride, padding });
  }
  globalAveragePool(input: LayerIndex): LayerIndex {
    return this.push({ kind: "globalAveragePool", input });
  }
  globalMaxPool(input: LayerIndex): LayerIndex {
    return this.push({ kind: "globalMaxPool", input });
  }
  add(a: LayerIndex, b: LayerIndex): LayerIndex {
    return this.push({ kind: "add", inputs: [a, b] });
  }
  gate(input: LayerIndex, gate: LayerIndex): LayerIndex {
    return this.push({ kind: "gate", input, gate });
  }
  linear(
    name: string,
    input: LayerIndex,
    inFeatures: number,
    outFeatures: number,
    more: { bias?: boolean; storedAsConv?: true } = {},
  ): LayerIndex {
    const { bias = true } = more;
    return this.push({
      kind: "linear",
      name,
      input,
      inFeatures,
      outFeatures,
      bias,
      ...(more.storedAsConv ? { storedAsConv: true as const } : {}),
    });
  }
}

/** The layers whose results a layer reads. */
export function inputsOf(layer: Layer): readonly LayerIndex[] {
  if (layer.kind === "input") return [];
  if (layer.kind === "add") return layer.inputs;
  if (layer.kind === "gate") return [layer.input, layer.gate];
  return [layer.input];
}

/**
 * The layers that must run, in an order in which they can. Of an addition the later operand runs first: a block's
 * shortcut before its main path, so that every block ends with the same kernel, whether its shortcut has weights or not.
 */
export function neededLayers(
  layers: readonly Layer[],
  wanted: readonly LayerIndex[],
): ReadonlySet<LayerIndex> {
  const needed = new Set<LayerIndex>();
  const visit = (index: LayerIndex): void => {
    if (needed.has(index)) return;
    const layer = layers[index];
    invariant(layer !== undefined, `there is no layer ${index}`);
    [...inputsOf(layer)].reverse().forEach(visit);
    needed.add(index);
  };
  wanted.forEach(visit);
  return needed;
}
