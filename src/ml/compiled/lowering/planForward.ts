import { invariant } from "../../../lib/invariant.ts";
import type { LayerIndex } from "../../models/network.ts";
import type { Granularity } from "../../wgsl/granularity.ts";
import type { Tape } from "../backward/tape.ts";
import { fuseLayers, type FusedLayer } from "../fusion/fuseLayers.ts";
import type { NetworkMemory } from "../plan/placeNetwork.ts";
import type { Plan, PlanTensor } from "../plan/plan.ts";
import type { Value } from "../plan/value.ts";
import { BatchStatistics, type TrainNorms } from "./batchStatistics.ts";
import { lowerActivation } from "./lowerActivation.ts";
import { lowerAdd } from "./lowerAdd.ts";
import { lowerBatchNorm } from "./lowerBatchNorm.ts";
import { lowerGate } from "./lowerGate.ts";
import { Lowering } from "./lowering.ts";
import { lowerGlobalAveragePool, lowerGlobalMaxPool, lowerMaxPool } from "./lowerPool.ts";
import { lowerProduct } from "./lowerProduct.ts";

/** How a network's BatchNorms work. */
export type NormMode =
  | TrainNorms
  /**
   * Stored statistics, multiplied into the layer before (`uploadFolded`), or taken along by the max pool before: no
   * BatchNorm is left to run.
   */
  | { readonly kind: "folded" };

export interface ForwardTape extends Tape {
  /** How often the network counts as having been run. */
  readonly views: number;
  /** To be filled once, when the plan is built. */
  readonly constants: readonly { readonly tensor: PlanTensor; readonly data: Uint32Array<ArrayBuffer> }[];
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
  const { network } = memory;
  const fused = fuseLayers(network, wanted, mode.kind);
  const statistics = mode.kind === "train" ? BatchStatistics.place(plan, memory, mode, fused) : null;
  const lowering = new Lowering(plan, memory, granularity);
  for (const one of fused) lower(lowering, one, input, mode, statistics);
  const { values, operations } = lowering;
  const constants = statistics === null ? [] : [statistics.follow()];
  return { network, values, operations, views: mode.kind === "train" ? mode.views : 1, constants };
}

function lower(
  lowering: Lowering,
  fused: FusedLayer,
  input: Value,
  mode: NormMode,
  statistics: BatchStatistics | null,
): void {
  const { layer, output } = fused;
  switch (layer.kind) {
    case "input":
      lowering.values.set(output, input);
      break;
    case "conv":
    case "linear":
      lowerProduct(lowering, layer, fused);
      break;
    case "batchNorm":
      invariant(mode.kind === "train" && statistics !== null, "a folded network has no BatchNorm left");
      lowerBatchNorm(lowering, layer, fused, mode, statistics);
      break;
    case "activation":
      lowerActivation(lowering, layer, output);
      break;
    case "maxPool":
      lowerMaxPool(lowering, layer, fused);
      break;
    case "globalAveragePool":
      lowerGlobalAveragePool(lowering, layer, output);
      break;
    case "globalMaxPool":
      lowerGlobalMaxPool(lowering, layer, output);
      break;
    case "gate":
      lowerGate(lowering, layer, output);
      break;
    case "add":
      lowerAdd(lowering, layer, output);
      break;
  }
}
