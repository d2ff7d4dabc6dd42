import type { CompiledActivation } from "../../wgsl/activation.ts";
import { activate, activateGradient } from "../../wgsl/elementwise.ts";
import type { LayerOf, Lowering } from "./lowering.ts";

/** An activation that no other kernel takes along. */
export function lowerActivation(
  lowering: Lowering,
  { input, fn }: LayerOf<"activation">,
  output: number,
): void {
  const { plan } = lowering;
  const x = lowering.valueOf(input);
  const y = lowering.result(output, x);
  const name = fn as CompiledActivation;
  plan.launch(activate(y.tensor.size, name), [x.tensor, y.tensor]);
  lowering.record([input], output, (gradient, sinks) => {
    sinks.add(input, (dx, accumulate) => {
      plan.launch(activateGradient(y.tensor.size, name, accumulate), [gradient, x.tensor, dx]);
    });
  });
}
