import { beforeAll, describe, expect, test } from "vitest";
import { nodeBackends, useNodeBackend } from "../../../tools/nodeBackends.ts";
import { createPrng } from "../../lib/prng.ts";
import * as tf from "../tfjs/tf.ts";
import { finish } from "../../lib/slices.ts";
import { participationRatio, rankMe, rankMeInSlices, singularValues } from "./effectiveRank.ts";
import { gramOfColumns, type FeatureRows } from "./featureRows.ts";
import { fitPca } from "./pca.ts";

/** N rows with variance `variances[j]` along a random direction j each, about a mean of 1, 2, 3, … */
function plantedRows(count: number, dim: number, variances: readonly number[]): Float32Array {
  const prng = createPrng(13, "pca.test");
  const directions = variances.map(() => Float64Array.from({ length: dim }, () => prng.normal()));
  directions.forEach((line, j) => {
    for (const other of directions.slice(0, j)) {
      const along = line.reduce((sum, v, d) => sum + v * other[d]!, 0);
      line.forEach((_, d) => (line[d]! -= along * other[d]!));
    }
    const length = Math.hypot(...line);
    line.forEach((_, d) => (line[d]! /= length));
  });
  const rows = new Float32Array(count * dim);
  for (let i = 0; i < count; i++) {
    const amounts = variances.map((variance) => Math.sqrt(variance) * prng.normal());
    for (let d = 0; d < dim; d++)
      rows[i * dim + d] = amounts.reduce((sum, a, j) => sum + a * directions[j]![d]!, d / dim);
  }
  return rows;
}

/** The variance of the rows along each component, and how far components are from orthonormal. */
function inspect(
  rows: Float32Array,
  count: number,
  dim: number,
  mean: Float32Array,
  components: Float32Array,
) {
  const k = components.length / dim;
  const projected = new Float64Array(count * k);
  for (let i = 0; i < count; i++)
    for (let d = 0; d < dim; d++)
      for (let j = 0; j < k; j++)
        projected[i * k + j]! += (rows[i * dim + d]! - mean[d]!) * components[d * k + j]!;
  const gram = gramOfColumns({ values: projected, count, dim: k }, new Float64Array(k));
  const products = gramOfColumns({ values: components, count: dim, dim: k }, new Float64Array(k));
  const offDiagonal = (m: Float64Array): number =>
    Math.max(0, ...Array.from(m, (v, i) => (Math.floor(i / k) === i % k ? 0 : Math.abs(v))));
  return {
    variances: Array.from({ length: k }, (_, j) => gram[j * k + j]! / (count - 1)),
    correlation: offDiagonal(gram) / gram[0]!,
    skew: Math.max(
      offDiagonal(products),
      ...Array.from({ length: k }, (_, j) => Math.abs(products[j * k + j]! - 1)),
    ),
  };
}

describe.each(nodeBackends)("on %s", (backend) => {
  beforeAll(() => useNodeBackend(backend));

  // 40 columns are decomposed exactly, 300 by iteration; in the last, fewer rows than columns.
  test.each([
    [200, 40],
    [200, 300],
    [30, 300],
  ])(
    "components of %d rows of %d: orthonormal, uncorrelated, of the variances claimed",
    async (count, dim) => {
      const planted = [9, 5, 4, 2, 1, 0.5, 0.25, 0.1];
      const values = plantedRows(count, dim, planted);
      const rows = tf.tensor2d(values, [count, dim]);
      const before = tf.memory().numTensors;
      const pca = await fitPca(rows, 5, 1);
      const { variances, correlation, skew } = inspect(values, count, dim, pca.mean, pca.components);
      expect(skew).toBeLessThan(1e-5);
      expect(correlation).toBeLessThan(1e-3);
      variances.forEach((variance, j) => expect(pca.variances[j]! / variance).toBeCloseTo(1, 3));

      // All eight planted directions hold everything, so the five best hold what the three smallest do not.
      const all = await fitPca(rows, 8, 1);
      expect(all.explained).toBeCloseTo(1, 4);
      const kept = pca.variances.reduce((a, b) => a + b, 0);
      expect(pca.explained).toBeCloseTo(kept / pca.totalVariance, 6);
      pca.variances.forEach((variance, j) => expect(variance / all.variances[j]!).toBeCloseTo(1, 3));
      expect(tf.memory().numTensors).toBe(before);
      rows.dispose();
    },
  );

  test("iteration finds what the exact decomposition finds, with the same signs", async () => {
    const [count, dim] = [120, 250];
    const values = plantedRows(count, dim, [16, 9, 4, 1, 0.3]);
    const wide = new Float32Array(count * 300); // the same with 50 columns of zeros: now it iterates
    for (let i = 0; i < count; i++) wide.set(values.subarray(i * dim, (i + 1) * dim), i * 300);
    const [narrowRows, wideRows] = [tf.tensor2d(values, [count, dim]), tf.tensor2d(wide, [count, 300])];
    const exact = await fitPca(narrowRows, 3, 1);
    const iterated = await fitPca(wideRows, 3, 1);
    exact.components.forEach((entry, i) => expect(iterated.components[i]).toBeCloseTo(entry, 3));
    expect(await fitPca(wideRows, 3, 1)).toEqual(iterated); // seeded
    tf.dispose([narrowRows, wideRows]);
  });

  test("features without variance are kept whole", async () => {
    const rows = tf.ones<tf.Rank.R2>([5, 4]);
    const pca = await fitPca(rows, 2, 1);
    expect(pca.explained).toBe(1);
    expect(Array.from(pca.mean)).toEqual([1, 1, 1, 1]);
    expect(pca.components.every(Number.isFinite)).toBe(true);
    rows.dispose();
  });
});

test("effective ranks count the directions used", () => {
  const equal = Float64Array.from({ length: 8 }, () => 3);
  expect(rankMe(equal)).toBeCloseTo(8, 3);
  expect(participationRatio(equal)).toBeCloseTo(8, 10);
  const single = Float64Array.from([5, 0, 0, 0]);
  expect(rankMe(single)).toBeCloseTo(1, 4);
  expect(participationRatio(single)).toBe(1);
});

test.each([
  [40, 7],
  [7, 2000],
  [230, 230],
])("an effective rank in slices is that of all at once, %d rows of %d", async (count, dim) => {
  const prng = createPrng(15, "slices");
  const features = { values: Float32Array.from({ length: count * dim }, () => prng.normal()), count, dim };
  let slices = 0;
  const rank = await finish(rankMeInSlices(features, "task"), () => slices++);
  expect(rank).toBeCloseTo(rankMe(singularValues(features)), 6);
  expect(slices).toBeGreaterThanOrEqual(count === 230 ? 2 : 1);
});

test("singular values are the same for a matrix and its transpose, and square to its squared norm", () => {
  const prng = createPrng(14, "singular");
  const [count, dim] = [6, 9];
  const values = Float64Array.from({ length: count * dim }, () => prng.normal());
  const wide: FeatureRows = { values, count, dim };
  const tall: FeatureRows = {
    values: values.map((_, i) => values[(i % count) * dim + Math.floor(i / count)]!),
    count: dim,
    dim: count,
  };
  const singular = singularValues(wide);
  expect(singular.length).toBe(6);
  singularValues(tall).forEach((value, i) => expect(value).toBeCloseTo(singular[i]!, 10));
  const squaredNorm = values.reduce((sum, v) => sum + v ** 2, 0);
  expect(singular.reduce((sum, v) => sum + v ** 2, 0)).toBeCloseTo(squaredNorm, 10);
});
