import type { LayerIndex, Network } from "../../models/network.ts";
import type { PlanTensor } from "../plan/plan.ts";
import type { Value } from "../plan/value.ts";
import type { GradientSinks } from "./gradientSinks.ts";

/** A fused layer as its backward pass needs it. */
export interface Operation {
  readonly inputs: readonly LayerIndex[];
  readonly output: LayerIndex;
  readonly backward: (gradient: PlanTensor, sinks: GradientSinks) => void;
}

/** What a forward pass did, in its order. */
export interface Tape {
  readonly network: Network;
  readonly values: ReadonlyMap<LayerIndex, Value>;
  readonly operations: readonly Operation[];
}
