import { neededLayers, type Layer, type LayerIndex, type Network } from "../../models/network.ts";
import type { CompiledActivation } from "../../wgsl/activation.ts";
import { consumersOf } from "./consumers.ts";

/** A layer with those behind it that its kernels take along: at most a BatchNorm, an addition and an activation. */
export interface FusedLayer {
  /** The layer it starts with. */
  readonly index: LayerIndex;
  readonly layer: Layer;
  /** A BatchNorm by stored statistics; null where there is none, or it runs by itself. */
  readonly norm: NormLayer | null;
  /** An earlier result that is added. */
  readonly residual: LayerIndex | null;
  readonly activation: CompiledActivation | undefined;
  /** The last of the layers, whose result is written. */
  readonly output: LayerIndex;
}

export type NormLayer = Extract<Layer, { kind: "batchNorm" }>;

/**
 * A network's layers in the order in which they run, as few as possible.
 *
 * @param wanted layers whose results must exist under their own index.
 * @param norms "train": BatchNorm runs by itself and takes along what follows. "folded": it is multiplied into the layer
 * before, which takes it and what follows along.
 */
export function fuseLayers(
  { layers }: Network,
  wanted: readonly LayerIndex[],
  norms: "train" | "folded",
): readonly FusedLayer[] {
  const consumers = consumersOf(layers);
  const needed = neededLayers(layers, wanted);
  const fused: FusedLayer[] = [];
  /** Layers that a fused layer contains. */
  const done = new Set<LayerIndex>();
  /** Layers whose results are written. */
  const written = new Set<LayerIndex>();

  /** The one layer that uses this result, if it may be fused with it. */
  const nextOf = (index: LayerIndex): { index: LayerIndex; layer: Layer } | null => {
    const [next, ...others] = consumers[index]?.filter((consumer) => needed.has(consumer)) ?? [];
    if (next === undefined || others.length > 0 || wanted.includes(index)) return null;
    return { index: next, layer: layers[next] as Layer };
  };
  /** What follows layer `start` in the same kernel: addition of an earlier result, and an activation. */
  const absorb = (
    start: LayerIndex,
    mayAdd: boolean,
  ): Pick<FusedLayer, "residual" | "activation" | "output"> => {
    let output = start;
    let residual: LayerIndex | null = null;
    let next = nextOf(output);
    if (mayAdd && next?.layer.kind === "add") {
      const [a, b] = next.layer.inputs;
      const other = a === output ? b : a;
      if (other !== output && written.has(other)) {
        residual = other;
        output = next.index;
        done.add(output);
        const after = nextOf(output);
        // A ReLU's slope follows from its output; other activations behind an addition run by themselves.
        next = after?.layer.kind === "activation" && after.layer.fn === "relu" ? after : null;
      }
    }
    if (next?.layer.kind !== "activation") return { residual, activation: undefined, output };
    done.add(next.index);
    return { residual, activation: next.layer.fn as CompiledActivation, output: next.index };
  };
  const fuse = (index: LayerIndex): FusedLayer => {
    const layer = layers[index] as Layer;
    const alone = { index, layer, norm: null, residual: null, activation: undefined, output: index };
    if (norms === "train") {
      return layer.kind === "batchNorm" ? { ...alone, ...absorb(index, true) } : alone;
    }
    const isProduct = layer.kind === "conv" || layer.kind === "linear";
    const next = isProduct || layer.kind === "maxPool" ? nextOf(index) : null;
    if (next?.layer.kind !== "batchNorm") return alone;
    done.add(next.index);
    const mayAdd = isProduct && !isDepthwise(layer);
    return { ...alone, norm: next.layer, ...absorb(next.index, mayAdd) };
  };

  for (const index of needed) {
    if (done.has(index)) continue;
    const one = fuse(index);
    fused.push(one);
    written.add(one.output);
  }
  return fused;
}

export function isDepthwise(layer: Layer): boolean {
  return layer.kind === "conv" && layer.groups > 1;
}
