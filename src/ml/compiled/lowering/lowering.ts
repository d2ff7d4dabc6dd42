import { invariant } from "../../../lib/invariant.ts";
import type { Layer, LayerIndex } from "../../models/network.ts";
import type { Granularity } from "../../wgsl/granularity.ts";
import type { Operation } from "../backward/tape.ts";
import type { NetworkMemory } from "../plan/placeNetwork.ts";
import type { Plan, PlanSlice } from "../plan/plan.ts";
import type { Value } from "../plan/value.ts";

/** A network's forward pass while it is written into a plan: what the functions for the kinds of layers share. */
export class Lowering {
  readonly values = new Map<LayerIndex, Value>();
  readonly operations: Operation[] = [];

  constructor(
    readonly plan: Plan,
    readonly memory: NetworkMemory,
    readonly granularity: Granularity,
  ) {}

  valueOf(index: LayerIndex): Value {
    const value = this.values.get(index);
    invariant(value !== undefined, `layer ${index} is used before it was run`);
    return value;
  }

  /** A place for a layer's result. */
  result(index: LayerIndex, shape: Omit<Value, "tensor">): Value {
    const layer = this.memory.network.layers[index] as Layer;
    const label = "name" in layer ? layer.name : `${layer.kind} ${index}`;
    const size = shape.samples * shape.height * shape.width * shape.channels;
    const value = { ...shape, tensor: this.plan.transient(label, size) };
    this.values.set(index, value);
    return value;
  }

  /** Notes how gradients flow back through what was launched. */
  record(inputs: readonly LayerIndex[], output: LayerIndex, backward: Operation["backward"]): void {
    this.operations.push({ inputs, output, backward });
  }

  weight(name: string): PlanSlice {
    const { parameters, parameterTensor } = this.memory;
    return parameters.slice(parameterTensor, `${name}.weight`);
  }

  bias(name: string): PlanSlice {
    const { parameters, parameterTensor } = this.memory;
    return parameters.slice(parameterTensor, `${name}.bias`);
  }
}

export type LayerOf<Kind extends Layer["kind"]> = Extract<Layer, { kind: Kind }>;
