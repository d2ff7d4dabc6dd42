import type * as tf from "../tfjs/tf.ts";

/** Features read back from the device, for mathematics in double precision. */
export interface FeatureRows {
  /** [count, dim] row-major. */
  readonly values: ArrayLike<number>;
  readonly count: number;
  readonly dim: number;
}

/** A sync point. */
export async function readRows(rows: tf.Tensor2D): Promise<FeatureRows> {
  const [count, dim] = rows.shape;
  return { values: await rows.data(), count, dim };
}

/** Mean of every column. */
export function columnMeans({ values, count, dim }: FeatureRows): Float64Array {
  const means = new Float64Array(dim);
  for (let i = 0; i < count; i++) for (let d = 0; d < dim; d++) means[d]! += values[i * dim + d]!;
  return means.map((sum) => sum / count);
}

/**
 * Xᵀ·X of the rows less `centre`, in double precision: [dim, dim]. Takes count · dim² / 2 multiplications on the
 * CPU: 0.1 s for 1000 rows of 512.
 *
 * @param from the first row that counts. @param to the row after the last that does.
 */
export function gramOfColumns(
  { values, count, dim }: FeatureRows,
  centre: Float64Array,
  from = 0,
  to = count,
): Float64Array {
  const gram = new Float64Array(dim * dim);
  const row = new Float64Array(dim);
  for (let i = from; i < to; i++) {
    for (let d = 0; d < dim; d++) row[d] = values[i * dim + d]! - centre[d]!;
    for (let a = 0; a < dim; a++) {
      const value = row[a]!;
      const at = a * dim;
      for (let b = a; b < dim; b++) gram[at + b]! += value * row[b]!;
    }
  }
  for (let a = 0; a < dim; a++) for (let b = 0; b < a; b++) gram[a * dim + b] = gram[b * dim + a]!;
  return gram;
}

/** The same numbers with rows and columns exchanged. */
export function transposed({ values, count, dim }: FeatureRows): FeatureRows {
  const turned = new Float64Array(count * dim);
  for (let i = 0; i < count; i++) for (let d = 0; d < dim; d++) turned[d * count + i] = values[i * dim + d]!;
  return { values: turned, count: dim, dim: count };
}
