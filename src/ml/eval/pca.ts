import { invariant } from "../../lib/invariant.ts";
import { createPrng } from "../../lib/prng.ts";
import * as tf from "../tfjs/tf.ts";
import { columnMeans, gramOfColumns, readRows, type FeatureRows } from "./featureRows.ts";
import { symmetricEigen } from "./symmetricEigen.ts";

/** Up to here the whole covariance is decomposed, in double precision. */
const exactUpToDim = 256;
/** Subspace iteration carries this many directions more than asked for; they make it converge. */
const extraDirections = 16;
const mostIterations = 12;
/** Stops when an iteration adds less than this share of the variance; directions that close are as good. */
const settledShare = 1e-4;

export interface Pca {
  /** [D] */
  readonly mean: Float32Array<ArrayBuffer>;
  /** [D, dim] row-major; orthonormal columns, the largest entry of each positive. */
  readonly components: Float32Array<ArrayBuffer>;
  /** [dim] variance along each component (divisor N − 1), descending. */
  readonly variances: Float32Array<ArrayBuffer>;
  /** Sum of the variances of all D columns. */
  readonly totalVariance: number;
  /** Share of the variance that the components keep, in [0, 1]; 1 when there is none to keep. */
  readonly explained: number;
}

/**
 * The `dim` directions of largest variance of a set of features.
 *
 * Exact up to 256 columns; beyond, seeded subspace iteration with the products on the device.
 *
 * @param rows [N ≥ 2, D], dim ≤ min(N − 1, D) for directions that mean something (dim ≤ D is required).
 * @param seed of the iteration's start.
 */
export async function fitPca(rows: tf.Tensor2D, dim: number, seed: number): Promise<Pca> {
  const [count, width] = rows.shape;
  invariant(count >= 2 && dim >= 1 && dim <= width, `no ${dim} components of ${count} rows of ${width}`);
  const features = await readRows(rows);
  const means = columnMeans(features);
  const totalVariance = totalVarianceOf(features, means);
  const { values, vectors, columns } =
    width <= exactUpToDim
      ? exactDirections(features, means)
      : await iterateDirections(rows, means, dim, seed, totalVariance);
  const variances = Float32Array.from({ length: dim }, (_, j) => Math.max(0, values[j]!));
  const kept = variances.reduce((sum, variance) => sum + variance, 0);
  return {
    mean: Float32Array.from(means),
    components: firstColumns(vectors, width, columns, dim),
    variances,
    totalVariance,
    explained: totalVariance === 0 ? 1 : Math.min(1, kept / totalVariance),
  };
}

interface Directions {
  readonly values: Float64Array;
  /** [D, columns] */
  readonly vectors: Float64Array;
  readonly columns: number;
}

function totalVarianceOf({ values, count, dim }: FeatureRows, means: Float64Array): number {
  let total = 0;
  for (let i = 0; i < count; i++)
    for (let d = 0; d < dim; d++) total += (values[i * dim + d]! - means[d]!) ** 2;
  return total / (count - 1);
}

function exactDirections(features: FeatureRows, means: Float64Array): Directions {
  const covariance = gramOfColumns(features, means).map((entry) => entry / (features.count - 1));
  return { ...symmetricEigen(covariance, features.dim), columns: features.dim };
}

/**
 * Subspace iteration: multiply a random basis by the covariance, make it orthonormal, repeat until the variance it
 * holds settles; then the eigenvectors within it (Rayleigh–Ritz).
 */
async function iterateDirections(
  rows: tf.Tensor2D,
  means: Float64Array,
  dim: number,
  seed: number,
  totalVariance: number,
): Promise<Directions> {
  const [count, width] = rows.shape;
  const columns = Math.min(width, dim + extraDirections);
  const prng = createPrng(seed, "pca");
  const basis = Float64Array.from({ length: width * columns }, () => prng.normal());
  const centred = tf.tidy(() => tf.sub<tf.Tensor2D>(rows, tf.tensor1d(Float32Array.from(means))));
  const turned: tf.Tensor2D = tf.transpose(centred);
  try {
    for (let iteration = 1, held = 0; ; iteration++) {
      orthonormalise(basis, width, columns);
      const projected: tf.Tensor2D = tf.tidy(() =>
        tf.matMul(centred, tf.tensor2d(Float32Array.from(basis), [width, columns])),
      ); // [N, columns]
      const inside = await readRows(projected);
      const variance = squaredSum(inside.values) / (count - 1);
      if (variance - held <= settledShare * totalVariance || iteration === mostIterations) {
        projected.dispose();
        const gram = gramOfColumns(inside, new Float64Array(columns)).map((entry) => entry / (count - 1));
        const { values, vectors } = symmetricEigen(gram, columns);
        return { values, vectors: multiply(basis, vectors, width, columns), columns };
      }
      held = variance;
      const next = tf.matMul(turned, projected); // [D, columns]
      basis.set(await next.data());
      tf.dispose([projected, next]);
    }
  } finally {
    tf.dispose([centred, turned]);
  }
}

function squaredSum(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! ** 2;
  return sum;
}

/** Makes the columns of a [n, columns] matrix orthonormal in place (modified Gram–Schmidt, twice). */
function orthonormalise(matrix: Float64Array, n: number, columns: number): void {
  const lines = Array.from({ length: columns }, (_, j) =>
    Float64Array.from({ length: n }, (__, i) => matrix[i * columns + j]!),
  );
  lines.forEach((line, j) => {
    for (let pass = 0; pass < 2; pass++)
      for (let k = 0; k < j; k++) {
        const other = lines[k]!;
        let along = 0;
        for (let i = 0; i < n; i++) along += line[i]! * other[i]!;
        for (let i = 0; i < n; i++) line[i]! -= along * other[i]!;
      }
    let length = 0;
    for (const value of line) length += value ** 2;
    length = Math.sqrt(length);
    // A direction with no variance left: any that adds nothing will do, and zero is one.
    for (let i = 0; i < n; i++) matrix[i * columns + j] = line[i] = length > 1e-30 ? line[i]! / length : 0;
  });
}

/** a [n, k] · b [k, k] */
function multiply(a: Float64Array, b: Float64Array, n: number, k: number): Float64Array {
  const product = new Float64Array(n * k);
  for (let i = 0; i < n; i++)
    for (let m = 0; m < k; m++) {
      const value = a[i * k + m]!;
      for (let j = 0; j < k; j++) product[i * k + j]! += value * b[m * k + j]!;
    }
  return product;
}

/** The first `dim` of a matrix's columns, each with its entry of largest size positive. */
function firstColumns(
  vectors: Float64Array,
  n: number,
  columns: number,
  dim: number,
): Float32Array<ArrayBuffer> {
  const kept = new Float32Array(n * dim);
  for (let j = 0; j < dim; j++) {
    let largest = 0;
    for (let i = 0; i < n; i++) {
      const entry = vectors[i * columns + j]!;
      if (Math.abs(entry) > Math.abs(largest)) largest = entry;
    }
    const sign = largest < 0 ? -1 : 1;
    for (let i = 0; i < n; i++) kept[i * dim + j] = sign * vectors[i * columns + j]!;
  }
  return kept;
}
