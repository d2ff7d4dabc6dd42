import type { FusedLayer } from "../fusion/fuseLayers.ts";
import { outputSide } from "../../wgsl/convolutionShape.ts";
import {
  globalAveragePool,
  globalAveragePoolGradient,
  globalMaxPool,
  globalMaxPoolGradient,
  maxPool,
  maxPoolGradient,
  maxPoolNormalised,
} from "../../wgsl/pooling.ts";
import type { LayerOf, Lowering } from "./lowering.ts";

/** A max pool over windows, and a folded BatchNorm behind it. */
export function lowerMaxPool(
  lowering: Lowering,
  layer: LayerOf<"maxPool">,
  { norm, activation, output }: FusedLayer,
): void {
  const { plan } = lowering;
  const x = lowering.valueOf(layer.input);
  const shape = { ...layer, ...x };
  const y = lowering.result(output, {
    ...x,
    height: outputSide(x.height, layer),
    width: outputSide(x.width, layer),
  });
  if (norm !== null) {
    const affine = [lowering.weight(norm.name), lowering.bias(norm.name)];
    plan.launch(maxPoolNormalised(shape, activation), [x.tensor, ...affine, y.tensor]);
    return; // no gradient flows through a folded network
  }
  const places = plan.transient(`${layer.kind} places`, y.tensor.size);
  plan.launch(maxPool(shape), [x.tensor, y.tensor, places]);
  lowering.record([layer.input], output, (gradient, sinks) => {
    sinks.add(layer.input, (dx, accumulate) => {
      plan.launch(maxPoolGradient(shape, accumulate), [gradient, places, dx]);
    });
  });
}

export function lowerGlobalAveragePool(
  lowering: Lowering,
  layer: LayerOf<"globalAveragePool">,
  output: number,
): void {
  const { plan, granularity } = lowering;
  const x = lowering.valueOf(layer.input);
  const shape = { ...x, pixels: x.height * x.width };
  const y = lowering.result(output, { ...x, height: 1, width: 1 });
  plan.launch(globalAveragePool(shape, granularity), [x.tensor, y.tensor]);
  lowering.record([layer.input], output, (gradient, sinks) => {
    sinks.add(layer.input, (dx, accumulate) => {
      plan.launch(globalAveragePoolGradient(shape, accumulate), [gradient, dx]);
    });
  });
}

export function lowerGlobalMaxPool(
  lowering: Lowering,
  layer: LayerOf<"globalMaxPool">,
  output: number,
): void {
  const { plan } = lowering;
  const x = lowering.valueOf(layer.input);
  const shape = { ...x, pixels: x.height * x.width };
  const y = lowering.result(output, { ...x, height: 1, width: 1 });
  const places = plan.transient(`${layer.kind} places`, y.tensor.size);
  plan.launch(globalMaxPool(shape), [x.tensor, y.tensor, places]);
  lowering.record([layer.input], output, (gradient, sinks) => {
    sinks.add(layer.input, (dx, accumulate) => {
      plan.launch(globalMaxPoolGradient(shape, accumulate), [gradient, places, dx]);
    });
  });
}
