import type { Epilogue } from "../../wgsl/activation.ts";
import { convolution, convolutionFilterGradient, convolutionInputGradient } from "../../wgsl/convolutions.ts";
import { outputSide, type ConvolutionShape } from "../../wgsl/convolutionShape.ts";
import { depthwise, depthwiseFilterGradient, depthwiseInputGradient } from "../../wgsl/depthwise.ts";
import { sumParts, sumRows } from "../../wgsl/elementwise.ts";
import { padToFour } from "../../wgsl/kernel.ts";
import { isDepthwise, type FusedLayer } from "../fusion/fuseLayers.ts";
import type { PlanSlice, PlanTensor } from "../plan/plan.ts";
import type { Value } from "../plan/value.ts";
import type { LayerOf, Lowering } from "./lowering.ts";

type ProductLayer = LayerOf<"conv" | "linear">;

/** A convolution or a linear layer. Folded, the BatchNorm behind is in the weights, and its shift is the bias. */
export function lowerProduct(
  lowering: Lowering,
  layer: ProductLayer,
  { norm, residual, activation, output }: FusedLayer,
): void {
  const x = lowering.valueOf(layer.input);
  const shape = shapeOf(layer, x);
  const y = lowering.result(output, {
    samples: x.samples,
    height: outputSide(shape.height, shape),
    width: outputSide(shape.width, shape),
    channels: shape.outChannels,
  });
  const launch = (epilogue: Epilogue, added: readonly (PlanTensor | PlanSlice)[]): void => {
    const kernel = isDepthwise(layer)
      ? depthwise(shape, epilogue)
      : convolution(shape, epilogue, lowering.granularity);
    lowering.plan.launch(kernel, [x.tensor, lowering.weight(layer.name), ...added, y.tensor]);
  };
  if (norm === null) {
    launch({ bias: layer.bias }, layer.bias ? [lowering.bias(layer.name)] : []);
    recordGradients(lowering, layer, shape, x, y, output);
    return;
  }
  const epilogue: Epilogue = {
    bias: true,
    residual: residual !== null,
    ...(activation === undefined ? {} : { activation }),
  };
  const added = residual === null ? [] : [lowering.valueOf(residual).tensor];
  launch(epilogue, [lowering.bias(norm.name), ...added]); // no gradient flows through a folded network
}

function shapeOf(layer: ProductLayer, x: Value): ConvolutionShape {
  if (layer.kind === "conv") {
    return {
      samples: x.samples,
      height: x.height,
      width: x.width,
      inChannels: x.channels,
      outChannels: padToFour(layer.outChannels),
      kernel: layer.kernel,
      stride: layer.stride,
      padding: layer.padding,
    };
  }
  return {
    samples: x.samples,
    height: 1,
    width: 1,
    inChannels: x.channels,
    outChannels: padToFour(layer.outFeatures),
    kernel: 1,
    stride: 1,
    padding: 0,
  };
}

function recordGradients(
  lowering: Lowering,
  layer: ProductLayer,
  shape: ConvolutionShape,
  x: Value,
  y: Value,
  output: number,
): void {
  const { plan, granularity } = lowering;
  const { parameters } = lowering.memory;
  lowering.record([layer.input], output, (gradient, sinks) => {
    const into = parameters.slice(sinks.parameterGradients, `${layer.name}.weight`);
    const { kernel, parts, size } = isDepthwise(layer)
      ? depthwiseFilterGradient(shape, granularity)
      : convolutionFilterGradient(shape, granularity);
    if (parts === 1) {
      plan.launch(kernel, [x.tensor, gradient, into]);
    } else {
      const sums = plan.transient(`${layer.name} gradient sums`, size);
      plan.launch(kernel, [x.tensor, gradient, sums]);
      plan.launch(sumParts(parts, size / parts), [sums, into]);
    }
    if (layer.bias) {
      const rows = y.samples * y.height * y.width;
      plan.launch(sumRows(rows, shape.outChannels, granularity), [
        gradient,
        parameters.slice(sinks.parameterGradients, `${layer.name}.bias`),
      ]);
    }
    sinks.add(layer.input, (dx, accumulate) => {
      const kernel = isDepthwise(layer)
        ? depthwiseInputGradient(shape, accumulate)
        : convolutionInputGradient(shape, accumulate, granularity);
      plan.launch(kernel, [gradient, lowering.weight(layer.name), dx]);
    });
  });
}
