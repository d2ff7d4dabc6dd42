import type { LayerIndex } from "../../models/network.ts";
import type { Plan, PlanTensor } from "../plan/plan.ts";
import { GradientSinks } from "./gradientSinks.ts";
import type { Tape } from "./tape.ts";

/**
 * Writes the backward pass: the gradients by all parameters from those by some results.
 *
 * @param given gradients by results of `tape`; overwritten on the way.
 * @param parameterGradients in the layout of the parameters; parameters out of reach keep what is there (zeros).
 */
export function planBackward(
  plan: Plan,
  tape: Tape,
  given: ReadonlyMap<LayerIndex, PlanTensor>,
  parameterGradients: PlanTensor,
): void {
  const learns = new Set<LayerIndex>(); // results that depend on a parameter
  for (const { inputs, output } of tape.operations) {
    const layer = tape.network.layers[output];
    const ownsParameters = layer?.kind === "conv" || layer?.kind === "linear";
    if (ownsParameters || inputs.some((input) => learns.has(input))) learns.add(output);
  }
  const sinks = new GradientSinks(plan, tape.values, learns, parameterGradients);
  for (const [index, gradient] of given) sinks.adopt(index, gradient);
  for (const { output, backward } of [...tape.operations].reverse()) {
    const gradient = sinks.gradientOf(output);
    if (gradient === undefined) continue; // nothing depends on it
    sinks.close(output);
    backward(gradient, sinks);
  }
}
