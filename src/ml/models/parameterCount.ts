import { stateDictSpec, type Network, type TensorSpec } from "./network.ts";

/** Moved by BatchNorm itself, not by gradients. */
export function isBuffer(spec: TensorSpec): boolean {
  return spec.role === "runningMean" || spec.role === "runningVar";
}

/** How many numbers a network learns. */
export function parameterCount(network: Network): number {
  return stateDictSpec(network)
    .filter((spec) => !isBuffer(spec) && spec.role !== "batchesTracked")
    .reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
}
