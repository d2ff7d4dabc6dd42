import type { Network } from "../../models/network.ts";
import { consumersOf } from "./consumers.ts";

/**
 * Why a network cannot be compiled, or null when it can. What cannot is run by `executors/forward.ts`.
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
