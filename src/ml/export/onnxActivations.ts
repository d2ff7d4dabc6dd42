import type { ActivationName } from "../models/network.ts";
import type { OnnxBuilder } from "./onnxBuilder.ts";

/** @returns the name of what the activation makes of `x`. */
export function activationOf(graph: OnnxBuilder, fn: ActivationName, name: string, x: string): string {
  switch (fn) {
    case "relu":
      return graph.node("Relu", name, [x]);
    case "relu6":
      return graph.node("Clip", name, [x, graph.scalar("zero", 0), graph.scalar("six", 6)]);
    case "sigmoid":
      return graph.node("Sigmoid", name, [x]);
    case "silu":
      return graph.node("Mul", name, [x, graph.node("Sigmoid", `${name}_gate`, [x])]);
    case "hardsigmoid":
      return graph.node("HardSigmoid", name, [x], { alpha: { float: 1 / 6 }, beta: { float: 0.5 } });
    case "hardswish":
      return graph.node("HardSwish", name, [x]);
    case "gelu": {
      const scaled = graph.node("Mul", `${name}_scaled`, [x, graph.scalar("sqrt_half", Math.SQRT1_2)]);
      const erf = graph.node("Erf", `${name}_erf`, [scaled]);
      const gate = graph.node("Add", `${name}_gate`, [erf, graph.scalar("one", 1)]);
      const half = graph.node("Mul", `${name}_half`, [x, graph.scalar("half", 0.5)]);
      return graph.node("Mul", name, [half, gate]);
    }
  }
}
