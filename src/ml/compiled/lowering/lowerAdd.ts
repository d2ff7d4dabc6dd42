import { add } from "../../wgsl/elementwise.ts";
import type { LayerOf, Lowering } from "./lowering.ts";

/** An addition that no other kernel takes along. */
export function lowerAdd(lowering: Lowering, { inputs: [a, b] }: LayerOf<"add">, output: number): void {
  const y = lowering.result(output, lowering.valueOf(a));
  lowering.plan.launch(add(y.tensor.size), [
    lowering.valueOf(a).tensor,
    lowering.valueOf(b).tensor,
    y.tensor,
  ]);
  lowering.record([a, b], output, (gradient, sinks) => {
    sinks.adopt(a, gradient);
    sinks.adopt(b, gradient);
  });
}
