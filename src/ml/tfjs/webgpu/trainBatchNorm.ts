import { invariant } from "../../../lib/invariant.ts";
import {
  batchNorm,
  batchNormGradient,
  meanStatistics,
  subBatchesOf,
  type NormShape,
} from "../../wgsl/batchNorm.ts";
import * as tf from "../tf.ts";
import { KernelRecorder, type ReadyKernel } from "./kernelRecorder.ts";

const kernelName = "TrainBatchNorm";
const gradientKernelName = "TrainBatchNormGradient";

interface Attributes {
  readonly eps: number;
  readonly subBatches: number;
}

/** Whether `trainBatchNorm` can compute this here. */
export function canTrainBatchNorm(x: tf.Tensor): boolean {
  const channels = x.shape[x.shape.length - 1] as number;
  return tf.getBackend() === "webgpu" && x.dtype === "float32" && channels % 4 === 0 && x.size > 0;
}

/**
 * Train-mode batch normalisation by this project's kernels, two launches forwards and two backwards, as an operation of
 * tfjs with a gradient of its own. See `batchNormTrain`, which computes the same from tfjs's operations.
 *
 * @param x [N, …, C], as `canTrainBatchNorm` accepts.
 */
export function trainBatchNorm(
  x: tf.Tensor,
  gamma: tf.Tensor1D,
  beta: tf.Tensor1D,
  eps: number,
  subBatches: number,
): { y: tf.Tensor; mean: tf.Tensor1D; variance: tf.Tensor1D } {
  register();
  const [y, mean, variance] = tf
    .engine()
    .runKernel<tf.Tensor[]>(kernelName, { x, gamma, beta }, { eps, subBatches }) as [
    tf.Tensor,
    tf.Tensor1D,
    tf.Tensor1D,
    tf.Tensor,
  ];
  return { y, mean, variance };
}

let registered = false;

function register(): void {
  if (registered) return;
  registered = true;
  tf.registerKernel({
    kernelName,
    backendName: "webgpu",
    kernelFunc: ({ inputs, attrs, backend }) => {
      const { x, gamma, beta } = inputs;
      invariant(
        x !== undefined && gamma !== undefined && beta !== undefined,
        "BatchNorm takes three tensors",
      );
      return forward(KernelRecorder.of(backend), x, gamma, beta, attrs as never);
    },
  });
  tf.registerKernel({
    kernelName: gradientKernelName,
    backendName: "webgpu",
    kernelFunc: ({ inputs, attrs, backend }) => {
      const { dy, x, statistics, gamma } = inputs;
      invariant(
        dy !== undefined && x !== undefined && statistics !== undefined && gamma !== undefined,
        "BatchNorm's gradient takes four tensors",
      );
      const recorder = KernelRecorder.of(backend);
      return backward(recorder, dy, x, statistics, gamma, attrs as never);
    },
  });
  tf.registerGradient({
    kernelName,
    inputsToSave: ["x", "gamma"],
    outputsToSave: [false, false, false, true],
    // All three at once, before they are asked for one by one. No gradient flows through the statistics.
    gradFunc: (upstream, [x, gamma, statistics], attrs) => {
      const [dy] = upstream as tf.Tensor[];
      const inputs = { dy, x, statistics, gamma } as tf.NamedTensorMap;
      const [dx, dGamma, dBeta] = tf.engine().runKernel<tf.Tensor[]>(gradientKernelName, inputs, attrs) as [
        tf.Tensor,
        tf.Tensor,
        tf.Tensor,
      ];
      return { x: () => dx, gamma: () => dGamma, beta: () => dBeta };
    },
  });
}

/** The launches of one size. */
interface Recipe {
  readonly shape: NormShape;
  readonly sums: ReadyKernel;
  readonly apply: ReadyKernel;
  readonly sumsSize: number;
  readonly means: ReadyKernel;
}

function recipeFor(
  recorder: KernelRecorder,
  direction: "forward" | "backward",
  x: tf.TensorInfo,
  { eps, subBatches }: Attributes,
): Recipe {
  const [samples, channels] = [x.shape[0] as number, x.shape[x.shape.length - 1] as number];
  const pixels = tf.util.sizeFromShape(x.shape) / samples / channels;
  const key = `${kernelName} ${direction} ${[samples, pixels, channels, subBatches, eps].join()}`;
  return recorder.once(key, () => {
    const shape: NormShape = {
      views: 1,
      samples,
      subBatchesPerView: subBatches,
      pixels,
      channels,
      eps,
      activation: undefined,
      residual: false,
      affineApart: true,
    };
    const made = (direction === "forward" ? batchNorm : batchNormGradient)(shape, recorder.granularity);
    return {
      shape,
      sums: recorder.ready(made.sums),
      apply: recorder.ready(made.apply),
      sumsSize: made.sumsSize,
      means: recorder.ready(meanStatistics(shape)),
    };
  });
}

/** @returns y; mean and unbiased variance [C], averaged over the sub-batches; statistics [subBatches, 2, C]. */
function forward(
  recorder: KernelRecorder,
  x: tf.TensorInfo,
  gamma: tf.TensorInfo,
  beta: tf.TensorInfo,
  attributes: Attributes,
): tf.TensorInfo[] {
  const recipe = recipeFor(recorder, "forward", x, attributes);
  const { channels } = recipe.shape;
  const sums = recorder.tensor([recipe.sumsSize]);
  const y = recorder.tensor(x.shape);
  const statistics = recorder.tensor([subBatchesOf(recipe.shape), 2, channels]);
  const [mean, variance] = [recorder.tensor([channels]), recorder.tensor([channels])];
  recorder.run(recipe.sums, [x, sums]);
  recorder.run(recipe.apply, [x, sums, gamma, beta, y, statistics]);
  recorder.run(recipe.means, [statistics, mean, variance]);
  recorder.release(sums);
  return [y, mean, variance, statistics];
}

/** @returns dx, dγ, dβ. */
function backward(
  recorder: KernelRecorder,
  dy: tf.TensorInfo,
  x: tf.TensorInfo,
  statistics: tf.TensorInfo,
  gamma: tf.TensorInfo,
  attributes: Attributes,
): tf.TensorInfo[] {
  const recipe = recipeFor(recorder, "backward", x, attributes);
  const { channels } = recipe.shape;
  const sums = recorder.tensor([recipe.sumsSize]);
  const dx = recorder.tensor(x.shape);
  const [dGamma, dBeta] = [recorder.tensor([channels]), recorder.tensor([channels])];
  recorder.run(recipe.sums, [dy, x, statistics, sums]);
  recorder.run(recipe.apply, [dy, x, statistics, sums, gamma, dx, dGamma, dBeta]);
  recorder.release(sums);
  return [dx, dGamma, dBeta];
}
