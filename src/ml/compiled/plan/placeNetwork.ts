import type { Network } from "../../models/network.ts";
import type { Weights } from "../../models/weights.ts";
import type { TfjsGpu } from "../../tfjs/tfjsGpu.ts";
import { allTensors, FlatLayout } from "./parameterLayout.ts";
import type { BuiltPlan, Plan, PlanTensor } from "./plan.ts";

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

/** Copies weights to their place, in order with tfjs's own work. */
export function uploadNetwork(gpu: TfjsGpu, built: BuiltPlan, memory: NetworkMemory, weights: Weights): void {
  const values = allTensors(weights);
  memory.parameters.upload(gpu, values, built.bufferOf(memory.parameterTensor));
  if (memory.bufferTensor !== null) memory.buffers.upload(gpu, values, built.bufferOf(memory.bufferTensor));
}

/** The inverse. Nothing is read back, and batches are not counted. */
export function downloadNetwork(built: BuiltPlan, memory: NetworkMemory, weights: Weights): void {
  memory.parameters.download(built.bufferOf(memory.parameterTensor), weights.parameters);
  if (memory.bufferTensor !== null)
    memory.buffers.download(built.bufferOf(memory.bufferTensor), weights.buffers);
}
