import { invariant } from "../../../lib/invariant.ts";
import { batchNorm, batchNormGradient, type NormShape } from "../../wgsl/batchNorm.ts";
import type { FusedLayer, NormLayer } from "../fusion/fuseLayers.ts";
import type { PlanSlice, PlanTensor } from "../plan/plan.ts";
import type { BatchStatistics, TrainNorms } from "./batchStatistics.ts";
import type { Lowering } from "./lowering.ts";

/** A train-mode BatchNorm with the addition and the activation behind it. */
export function lowerBatchNorm(
  lowering: Lowering,
  layer: NormLayer,
  { residual, activation, output }: FusedLayer,
  norms: TrainNorms,
  statistics: BatchStatistics,
): void {
  const { plan, granularity } = lowering;
  const { parameters, parameterTensor } = lowering.memory;
  const x = lowering.valueOf(layer.input);
  const y = lowering.result(output, x);
  const shape: NormShape = {
    views: norms.views,
    samples: x.samples / norms.views,
    subBatchesPerView: norms.subBatchesPerView,
    pixels: x.height * x.width,
    channels: x.channels,
    eps: layer.eps,
    activation,
    residual: residual !== null,
  };
  const own = statistics.of(layer, shape);
  const affine = (tensor: PlanTensor): PlanSlice =>
    parameters.span(tensor, `${layer.name}.weight`, `${layer.name}.bias`);
  const residualOperand = residual === null ? [] : [lowering.valueOf(residual).tensor];
  const forward = batchNorm(shape, granularity);
  const sums = plan.transient(`${layer.name} sums`, forward.sumsSize);
  plan.launch(forward.sums, [x.tensor, sums]);
  plan.launch(forward.apply, [x.tensor, sums, affine(parameterTensor), ...residualOperand, y.tensor, own]);
  const inputs = residual === null ? [layer.input] : [layer.input, residual];
  lowering.record(inputs, output, (gradient, sinks) => {
    const backward = batchNormGradient(shape, granularity);
    const sums = plan.transient(`${layer.name} gradient sums`, backward.sumsSize);
    const result = backward.readsOutput ? [y.tensor] : [];
    plan.launch(backward.sums, [gradient, x.tensor, own, affine(parameterTensor), ...result, sums]);
    sinks.add(layer.input, (dx, accumulate) => {
      invariant(!accumulate, "a BatchNorm is all that uses its convolution");
      plan.launch(backward.apply, [
        gradient,
        x.tensor,
        own,
        sums,
        affine(parameterTensor),
        ...result,
        dx,
        affine(sinks.parameterGradients),
      ]);
    });
    if (residual !== null) sinks.adopt(residual, gradient); // now through the activation's slope
  });
}
