import type { ActivationName } from "../models/network.ts";
import type { TfBuilder } from "./tfjsBuilder.ts";

/** @returns the name of what the activation makes of `x`. */
export function activationOf(graph: TfBuilder, fn: ActivationName, name: string, x: string): string {
  const number = (value: number): string => graph.floats(`number_${value}`, [], Float32Array.of(value));
  const hardsigmoid = (into: string): string => {
    const moved = graph.node("AddV2", `${name}/moved`, [x, number(3)]);
    return graph.node("Mul", into, [graph.node("Relu6", `${name}/cut`, [moved]), number(1 / 6)]);
  };
  switch (fn) {
    case "relu":
      return graph.node("Relu", name, [x]);
    case "relu6":
      return graph.node("Relu6", name, [x]);
    case "sigmoid":
      return graph.node("Sigmoid", name, [x]);
    case "silu":
      return graph.node("Mul", name, [x, graph.node("Sigmoid", `${name}/gate`, [x])]);
    case "hardsigmoid":
      return hardsigmoid(name);
    case "hardswish":
      return graph.node("Mul", name, [x, hardsigmoid(`${name}/gate`)]);
    case "gelu": {
      const erf = graph.node("Erf", `${name}/erf`, [
        graph.node("Mul", `${name}/scaled`, [x, number(Math.SQRT1_2)]),
      ]);
      const gate = graph.node("AddV2", `${name}/gate`, [erf, number(1)]);
      return graph.node("Mul", name, [graph.node("Mul", `${name}/half`, [x, number(0.5)]), gate]);
    }
  }
}
