import { AppError } from "../../contract/errors.ts";
import * as tf from "./tf.ts";
import { channelMeans, foldCount, repeatChannels } from "./foldedChannels.ts";
import { trainBatchNormOnHeap } from "../wasm/trainBatchNorm.ts";
import { WasmHeap } from "../wasm/wasmHeap.ts";
import { canTrainBatchNorm, trainBatchNorm } from "./webgpu/trainBatchNorm.ts";

/** Per-channel statistics of one train-mode BatchNorm, sub-batches averaged: what the running statistics follow. */
export interface BatchStatistics {
  /** [C] */
  readonly mean: tf.Tensor1D;
  /** [C], unbiased (divided by M − 1), as PyTorch keeps it. */
  readonly variance: tf.Tensor1D;
}

/**
 * Train-mode batch normalisation over all axes but the last, with its gradient in closed form.
 *
 *     x̂ = (x − μ)/√(σ² + ε)      y = γ·x̂ + β       μ, σ² over the M values of a channel (σ² biased)
 *     dx = γ/√(σ²+ε) · (dy − mean(dy) − x̂·mean(dy·x̂))     dγ = Σ dy·x̂     dβ = Σ dy
 *
 * Source: Ioffe & Szegedy, arXiv 1502.03167. With `subBatches` S > 1 the statistics are those of S interleaved parts
 * of the batch (sample n is in part n mod S), as if each part were on a GPU of its own.
 *
 * Statistics are taken in two passes, so a large mean is harmless.
 *
 * @param x [N, …, C]; N a multiple of sub-batches.
 * @throws AppError "config-invalid" when a channel has one value only: it has no variance (PyTorch refuses too).
 * @returns y like x, and the statistics (constants: no gradient flows through them, it is in dx already).
 */
export function batchNormTrain(
  x: tf.Tensor,
  gamma: tf.Tensor1D,
  beta: tf.Tensor1D,
  eps: number,
  subBatches: number,
): { y: tf.Tensor; statistics: BatchStatistics } {
  const channels = x.shape[x.shape.length - 1] as number;
  const perSubBatch = valuesPerChannel(x.shape, subBatches);
  if (canTrainBatchNorm(x)) {
    const { y, ...statistics } = trainBatchNorm(x, gamma, beta, eps, subBatches);
    return { y, statistics };
  }
  const heap = WasmHeap.current();
  if (heap !== null) {
    const { y, ...statistics } = trainBatchNormOnHeap(heap, x, gamma, beta, { eps, subBatches });
    return { y, statistics };
  }
  const folds = foldCount(perSubBatch);
  const repeat = (vector: tf.Tensor): tf.Tensor3D => repeatChannels(vector, folds);
  // Outside the custom gradient, whose scope would dispose of them; autodiff prunes them, as nothing reads them.
  const parted = toSubBatches(x, subBatches, folds * channels); // [S, M/P, P·C]
  const mean = channelMeans(parted, folds); // [S, 1, C]
  const centred = tf.sub(parted, repeat(mean));
  const variance = channelMeans(tf.square(centred), folds);
  const inverse = tf.rsqrt(tf.add(variance, eps));
  const unbiased = tf.mul(tf.mean(variance, 0), perSubBatch / (perSubBatch - 1));

  const normalise = tf.customGrad((...inputs: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const save = inputs.pop() as tf.GradSaveFunc;
    const [input, scale, shift] = inputs as [tf.Tensor, tf.Tensor1D, tf.Tensor1D];
    save([centred, inverse, scale]);
    const y = tf.add(
      tf.mul(centred, repeat(tf.mul(inverse, scale))),
      repeat(tf.reshape(shift, [1, 1, channels])),
    );
    return {
      value: fromSubBatches(y, subBatches, input.shape),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [centred, inverse, scale] = saved as [tf.Tensor3D, tf.Tensor3D, tf.Tensor1D];
        const dyParted = toSubBatches(dy, subBatches, folds * channels);
        const meanDy = channelMeans(dyParted, folds); // [S, 1, C]
        const meanDyXhat = tf.mul(channelMeans(tf.mul(dyParted, centred), folds), inverse);
        const factor = tf.mul(inverse, scale);
        const centredFactor = tf.mul(tf.mul(factor, inverse), meanDyXhat);
        const offset = tf.mul(factor, meanDy);
        const dx = tf.sub(
          tf.sub(tf.mul(dyParted, repeat(factor)), tf.mul(centred, repeat(centredFactor))),
          repeat(offset),
        );
        return [
          fromSubBatches(dx, subBatches, dy.shape),
          tf.reshape(tf.mul(tf.sum(meanDyXhat, 0), perSubBatch), [channels]),
          tf.reshape(tf.mul(tf.sum(meanDy, 0), perSubBatch), [channels]),
        ];
      },
    };
  });
  return {
    y: normalise(x, gamma, beta),
    statistics: {
      mean: tf.reshape(tf.mean(mean, 0), [channels]),
      variance: tf.reshape(unbiased, [channels]),
    },
  };
}

/**
 * How many values of [N, …, C] each sub-batch's statistics of a channel are taken from.
 *
 * @throws AppError "config-invalid" when that is one.
 */
export function valuesPerChannel(shape: readonly number[], subBatches: number): number {
  const count = tf.util.sizeFromShape([...shape]) / (shape.at(-1) as number) / subBatches;
  if (count < 2)
    throw new AppError("config-invalid", "BatchNorm cannot take statistics from one value per channel.", {
      hint: "Use a larger batch or fewer BatchNorm groups.",
    });
  return count;
}

/** y = γ·(x − μ)/√(σ² + ε) + β with given statistics, all [C]: BatchNorm in evaluation mode. */
export function batchNormEval(
  x: tf.Tensor,
  statistics: { readonly mean: tf.Tensor; readonly variance: tf.Tensor },
  gamma: tf.Tensor,
  beta: tf.Tensor,
  eps: number,
): tf.Tensor {
  const channels = x.shape[x.shape.length - 1] as number;
  const folds = foldCount(x.size / channels);
  const repeat = (vector: tf.Tensor): tf.Tensor =>
    repeatChannels(tf.reshape(vector, [1, 1, channels]), folds);
  const factor = tf.mul(gamma, tf.rsqrt(tf.add(statistics.variance, eps)));
  const shift = tf.sub(beta, tf.mul(statistics.mean, factor));
  const folded = tf.reshape(x, [1, -1, folds * channels]);
  return tf.reshape(tf.add(tf.mul(folded, repeat(factor)), repeat(shift)), x.shape);
}

/** [N, …, C] → [S, …, width], part s holding the samples n with n mod S = s. */
function toSubBatches(x: tf.Tensor, subBatches: number, width: number): tf.Tensor {
  if (subBatches === 1) return tf.reshape(x, [1, -1, width]);
  const samples = x.shape[0];
  const parts = tf.transpose(tf.reshape(x, [samples / subBatches, subBatches, x.size / samples]), [1, 0, 2]);
  return tf.reshape(parts, [subBatches, -1, width]);
}

function fromSubBatches(x: tf.Tensor, subBatches: number, shape: readonly number[]): tf.Tensor {
  if (subBatches === 1) return tf.reshape(x, [...shape]);
  const samples = shape[0] as number;
  const parts = tf.reshape(x, [subBatches, samples / subBatches, x.size / samples]);
  return tf.reshape(tf.transpose(parts, [1, 0, 2]), [...shape]);
}
