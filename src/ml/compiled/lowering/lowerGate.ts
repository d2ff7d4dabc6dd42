import { invariant } from "../../../lib/invariant.ts";
import { gate, gateGradient, gateInputGradient } from "../../wgsl/pooling.ts";
import type { LayerOf, Lowering } from "./lowering.ts";

/** Squeeze-excite's product. */
export function lowerGate(lowering: Lowering, layer: LayerOf<"gate">, output: number): void {
  const { plan, granularity } = lowering;
  const x = lowering.valueOf(layer.input);
  const factor = lowering.valueOf(layer.gate);
  const shape = { ...x, pixels: x.height * x.width };
  const y = lowering.result(output, x);
  plan.launch(gate(shape), [x.tensor, factor.tensor, y.tensor]);
  lowering.record([layer.input, layer.gate], output, (gradient, sinks) => {
    sinks.add(layer.gate, (dGate, accumulate) => {
      invariant(!accumulate, "a gate has one use");
      plan.launch(gateGradient(shape, granularity), [gradient, x.tensor, dGate]);
    });
    sinks.add(layer.input, (dx, accumulate) => {
      plan.launch(gateInputGradient(shape, accumulate), [gradient, factor.tensor, dx]);
    });
  });
}
