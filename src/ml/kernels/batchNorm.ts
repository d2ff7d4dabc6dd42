import * as tf from "../tf.ts";

/** Per-channel statistics of one train-mode BatchNorm, groups averaged: what the running statistics follow. */
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
 * Source: Ioffe & Szegedy, arXiv 1502.03167. With `groups` S > 1 the statistics are those of S interleaved parts
 * of the batch (sample n is in part n mod S), as if each part were on a GPU of its own.
 *
 * Sums over M go through a matrix product with a row of ones: on every backend that is the quickest reduction
 * over leading axes (tfjs would transpose first). Statistics are taken in two passes, so a large mean is harmless.
 *
 * @param x [N, …, C]; N a multiple of groups.
 * @returns y like x, and the statistics (constants: no gradient flows through them, it is in dx already).
 */
export function batchNormTrain(
  x: tf.Tensor,
  gamma: tf.Tensor1D,
  beta: tf.Tensor1D,
  eps: number,
  groups: number,
): { y: tf.Tensor; statistics: BatchStatistics } {
  const channels = x.shape[x.shape.length - 1] as number;
  const perGroup = x.size / channels / groups;
  // Outside the custom gradient, whose scope would dispose of them; autodiff prunes them, as nothing reads them.
  const grouped = toGroups(x, groups, channels); // [S, M, C]
  const mean = tf.div(columnSums(grouped), perGroup) as tf.Tensor3D; // [S, 1, C]
  const centred = tf.sub(grouped, mean) as tf.Tensor3D;
  const variance = tf.div(columnSums(tf.square(centred)), perGroup) as tf.Tensor3D;
  const inverse = tf.rsqrt(tf.add(variance, eps)) as tf.Tensor3D;
  const unbiased = tf.mul(tf.mean(variance, 0), perGroup / Math.max(1, perGroup - 1));

  const normalise = tf.customGrad((...inputs: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const save = inputs.pop() as tf.GradSaveFunc;
    const [input, scale, shift] = inputs as [tf.Tensor, tf.Tensor1D, tf.Tensor1D];
    save([centred, inverse, scale]);
    const y = tf.add(tf.mul(centred, tf.mul(inverse, scale)), shift) as tf.Tensor3D;
    return {
      value: fromGroups(y, groups, input.shape),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [centred, inverse, scale] = saved as [tf.Tensor3D, tf.Tensor3D, tf.Tensor1D];
        const dyGrouped = toGroups(dy, groups, channels);
        const sumDy = columnSums(dyGrouped); // [S, 1, C]
        const sumDyXhat = tf.mul(columnSums(tf.mul(dyGrouped, centred)), inverse);
        const factor = tf.mul(inverse, scale);
        const centredFactor = tf.mul(tf.mul(factor, inverse), tf.div(sumDyXhat, perGroup));
        const offset = tf.mul(factor, tf.div(sumDy, perGroup));
        const dx = tf.sub(tf.sub(tf.mul(dyGrouped, factor), tf.mul(centred, centredFactor)), offset);
        return [
          fromGroups(dx as tf.Tensor3D, groups, dy.shape),
          tf.reshape(tf.sum(sumDyXhat, 0), [channels]),
          tf.reshape(tf.sum(sumDy, 0), [channels]),
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
 * [S, M, C] → [S, 1, C], in two rounds: first P interleaved partial sums, then their sum. Rounding errors then grow
 * with M/P + P instead of M.
 */
function columnSums(x: tf.Tensor): tf.Tensor3D {
  const [groups, rows, channels] = x.shape as [number, number, number];
  const parts = partialSums(rows);
  const folded = tf.reshape(x, [groups, rows / parts, parts * channels]) as tf.Tensor3D;
  const partial: tf.Tensor3D = tf.matMul(tf.ones<tf.Rank.R3>([groups, 1, rows / parts]), folded);
  if (parts === 1) return partial;
  return tf.matMul(tf.ones<tf.Rank.R3>([groups, 1, parts]), tf.reshape(partial, [groups, parts, channels]));
}

/** The largest power of two that divides `rows` and is at most their square root. */
function partialSums(rows: number): number {
  let parts = 1;
  while (rows % (2 * parts) === 0 && 4 * parts * parts <= rows) parts *= 2;
  return parts;
}

/** [N, …, C] → [S, N/S · …, C], part s holding the samples n with n mod S = s. */
function toGroups(x: tf.Tensor, groups: number, channels: number): tf.Tensor3D {
  if (groups === 1) return tf.reshape(x, [1, x.size / channels, channels]);
  const samples = x.shape[0] as number;
  const rest = x.size / samples;
  const split = tf.transpose(tf.reshape(x, [samples / groups, groups, rest]), [1, 0, 2]);
  return tf.reshape(split, [groups, x.size / channels / groups, channels]);
}

function fromGroups(x: tf.Tensor3D, groups: number, shape: readonly number[]): tf.Tensor {
  if (groups === 1) return tf.reshape(x, [...shape]);
  const samples = shape[0] as number;
  const split = tf.reshape(x, [groups, samples / groups, x.size / samples]);
  return tf.reshape(tf.transpose(split, [1, 0, 2]), [...shape]);
}
