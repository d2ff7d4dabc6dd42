import { stateDictSpec, type Network } from "../src/ml/models/network.ts";
import type { StateDict } from "../src/ml/models/weights.ts";
import { hashTensor } from "./hashUniform.ts";

/** A network's state dict by the fixtures' formula; with `freshStatistics` as one that has not run yet. */
export function formulaState(
  network: Network,
  { seed, gain }: { readonly seed: number; readonly gain: number },
  freshStatistics: boolean,
): StateDict {
  return new Map(
    stateDictSpec(network).map((spec, k) => {
      const data = hashTensor(spec, seed, k, gain);
      if (freshStatistics && spec.role === "runningVar") data.fill(1);
      if (freshStatistics && (spec.role === "runningMean" || spec.role === "batchesTracked")) data.fill(0);
      return [spec.name, { shape: spec.shape, data }];
    }),
  );
}
