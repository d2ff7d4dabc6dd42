import type { Sliced } from "../../lib/slices.ts";
import { gramOfColumns, transposed, type FeatureRows } from "./featureRows.ts";
import { symmetricEigenvalues } from "./symmetricEigen.ts";

/**
 * Singular values of a matrix of features, descending, min(N, D) of them; from the eigenvalues of the smaller Gram
 * matrix in double precision, so values below 10⁻⁸ of the largest are noise.
 */
export function singularValues(features: FeatureRows): Float64Array {
  const narrow = features.dim <= features.count ? features : transposed(features);
  const gram = gramOfColumns(narrow, new Float64Array(narrow.dim));
  return symmetricEigenvalues(gram, narrow.dim).map((value) => Math.sqrt(Math.max(0, value)));
}

/**
 * RankMe (Garrido et al., ICML 2023): how many dimensions the features fill.
 *
 *     exp(−Σ p_k log p_k),   p_k = σ_k / Σσ + 10⁻⁷
 *
 * @returns in [1, min(N, D)].
 */
export function rankMe(singular: Float64Array): number {
  const total = singular.reduce((sum, value) => sum + value, 0);
  let entropy = 0;
  for (const value of singular) {
    const p = value / total + 1e-7;
    entropy -= p * Math.log(p);
  }
  return Math.exp(entropy);
}

/** Multiplications in one slice: some tens of milliseconds. */
const productsAtOnce = 8 * 1024 * 1024;

/** `rankMe` of features whose smaller side is at most some hundred, in slices. */
export async function* rankMeInSlices(features: FeatureRows, task: string): Sliced<number> {
  const narrow = features.dim <= features.count ? features : transposed(features);
  const { count, dim } = narrow;
  const centre = new Float64Array(dim);
  const gram = new Float64Array(dim * dim);
  const rows = Math.max(1, Math.floor(productsAtOnce / dim ** 2));
  for (let from = 0; from < count; from += rows) {
    const to = Math.min(count, from + rows);
    gramOfColumns(narrow, centre, from, to).forEach((value, at) => (gram[at]! += value));
    yield { task, done: to, total: count };
  }
  return rankMe(symmetricEigenvalues(gram, dim).map((value) => Math.sqrt(Math.max(0, value))));
}

/** (Σσ²)² / Σσ⁴: how many dimensions carry the variance; sterner than RankMe. */
export function participationRatio(singular: Float64Array): number {
  const second = singular.reduce((sum, value) => sum + value ** 2, 0);
  const fourth = singular.reduce((sum, value) => sum + value ** 4, 0);
  return second ** 2 / fourth;
}
