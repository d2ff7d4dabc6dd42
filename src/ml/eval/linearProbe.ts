import { invariant } from "../../lib/invariant.ts";
import { columnMeans, gramOfColumns, type FeatureRows } from "./featureRows.ts";
import { minimise } from "./minimise.ts";

/** scores = x · weights + bias. */
export interface LinearClassifier {
  readonly dim: number;
  readonly classCount: number;
  /** [dim, classCount] */
  readonly weights: Float64Array;
  /** [classCount] */
  readonly bias: Float64Array;
}

/** [count, classCount] */
export function linearScores(classifier: LinearClassifier, features: FeatureRows): Float64Array {
  const { dim, classCount, weights, bias } = classifier;
  invariant(features.dim === dim, `a probe of ${dim} dimensions was given ${features.dim}`);
  const scores = new Float64Array(features.count * classCount);
  for (let i = 0; i < features.count; i++) {
    const at = i * classCount;
    for (let c = 0; c < classCount; c++) scores[at + c] = bias[c]!;
    for (let d = 0; d < dim; d++) {
      const value = features.values[i * dim + d]!;
      for (let c = 0; c < classCount; c++) scores[at + c]! += value * weights[d * classCount + c]!;
    }
  }
  return scores;
}

/**
 * Ridge regression of one-hot classes on raw features, solved exactly.
 *
 *     minimise Σᵢ ‖Wᵀxᵢ + b − onehot(yᵢ)‖² + λ‖W‖²_F        b is not penalised
 */
export function fitRidge(
  features: FeatureRows,
  classes: ArrayLike<number>,
  classCount: number,
  lambda: number,
): LinearClassifier {
  const { values, count, dim } = features;
  const means = columnMeans(features);
  const gram = gramOfColumns(features, means);
  for (let d = 0; d < dim; d++) gram[d * dim + d]! += lambda;

  const share = new Float64Array(classCount); // mean of the one-hot columns
  for (let i = 0; i < count; i++) share[classes[i]!]! += 1 / count;
  // Xcᵀ·Yc = Xcᵀ·Y, the columns of Xc summing to zero.
  const weights = new Float64Array(dim * classCount);
  for (let i = 0; i < count; i++)
    for (let d = 0; d < dim; d++) weights[d * classCount + classes[i]!]! += values[i * dim + d]! - means[d]!;
  solvePositiveDefinite(gram, dim, weights, classCount);
  const bias = share.map((mean, c) => {
    let shift = 0;
    for (let d = 0; d < dim; d++) shift += means[d]! * weights[d * classCount + c]!;
    return mean - shift;
  });
  return { dim, classCount, weights, bias };
}

/** Replaces `right` [n, columns] by matrix⁻¹·right, by Cholesky; `matrix` [n, n] is overwritten. */
function solvePositiveDefinite(matrix: Float64Array, n: number, right: Float64Array, columns: number): void {
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * n + j]!;
      for (let k = 0; k < j; k++) sum -= matrix[i * n + k]! * matrix[j * n + k]!;
      if (i === j) invariant(sum > 0, "the penalised Gram matrix must be positive definite");
      matrix[i * n + j] = i === j ? Math.sqrt(sum) : sum / matrix[j * n + j]!;
    }
  for (let c = 0; c < columns; c++) {
    for (let i = 0; i < n; i++) {
      let sum = right[i * columns + c]!;
      for (let k = 0; k < i; k++) sum -= matrix[i * n + k]! * right[k * columns + c]!;
      right[i * columns + c] = sum / matrix[i * n + i]!;
    }
    for (let i = n - 1; i >= 0; i--) {
      let sum = right[i * columns + c]!;
      for (let k = i + 1; k < n; k++) sum -= matrix[k * n + i]! * right[k * columns + c]!;
      right[i * columns + c] = sum / matrix[i * n + i]!;
    }
  }
}

export interface LogisticFit extends LinearClassifier {
  /** Value of the objective where it was left. */
  readonly objective: number;
}

/**
 * Multinomial logistic regression on raw features, to convergence.
 *
 *     minimise meanᵢ CE(Wᵀxᵢ + b, yᵢ) + λ/2 · ‖W‖²_F        b is not penalised; shifted to sum 0
 */
export function fitLogistic(
  features: FeatureRows,
  classes: ArrayLike<number>,
  classCount: number,
  lambda: number,
): LogisticFit {
  const { values, count, dim } = features;
  const weightCount = dim * classCount;
  // Started at zero, the gradient of b sums to zero over the classes, so b stays centred by itself.
  const { point, value } = minimise(
    (parameters, gradient) => {
      const weights = parameters.subarray(0, weightCount);
      const bias = parameters.subarray(weightCount);
      const residuals = linearScores({ dim, classCount, weights, bias }, features);
      let total = softmaxLessOneHot(residuals, classes, classCount) / count;
      for (let i = 0; i < weightCount; i++) {
        total += (lambda / 2) * weights[i]! ** 2;
        gradient[i] = lambda * weights[i]!;
      }
      gradient.fill(0, weightCount);
      for (let i = 0; i < count; i++) {
        const at = i * classCount;
        for (let c = 0; c < classCount; c++) gradient[weightCount + c]! += residuals[at + c]! / count;
        for (let d = 0; d < dim; d++) {
          const scaled = values[i * dim + d]! / count;
          for (let c = 0; c < classCount; c++) gradient[d * classCount + c]! += scaled * residuals[at + c]!;
        }
      }
      return total;
    },
    new Float64Array(weightCount + classCount),
  );
  return {
    dim,
    classCount,
    weights: point.slice(0, weightCount),
    bias: point.slice(weightCount),
    objective: value,
  };
}

/** Replaces each row of scores by softmax − onehot; returns the sum of the cross-entropies. */
function softmaxLessOneHot(scores: Float64Array, classes: ArrayLike<number>, classCount: number): number {
  let total = 0;
  for (let i = 0; i < classes.length; i++) {
    const row = scores.subarray(i * classCount, (i + 1) * classCount);
    const truth = classes[i]!;
    let largest = -Infinity;
    for (const score of row) largest = Math.max(largest, score);
    total += largest - row[truth]!;
    let sum = 0;
    for (let c = 0; c < classCount; c++) sum += row[c] = Math.exp(row[c]! - largest);
    total += Math.log(sum);
    for (let c = 0; c < classCount; c++) row[c]! /= sum;
    row[truth]! -= 1;
  }
  return total;
}

/** Mean cross-entropy of a classifier's scores. */
export function meanCrossEntropy(
  scores: Float64Array,
  classes: ArrayLike<number>,
  classCount: number,
): number {
  return softmaxLessOneHot(scores.slice(), classes, classCount) / classes.length;
}
