import type { Network } from "../../models/network.ts";
import { FlatLayout } from "./parameterLayout.ts";
import type { Plan, PlanTensor } from "./plan.ts";

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
