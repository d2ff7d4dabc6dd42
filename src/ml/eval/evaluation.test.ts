import { beforeAll, describe, expect, test } from "vitest";
import { nodeBackends, useNodeBackend } from "../../../tools/nodeBackends.ts";
import { createPrng } from "../../lib/prng.ts";
import { knownUnitRows, normalizeRows, type UnitRows } from "../tensors/unitRows.ts";
import * as tf from "../tfjs/tf.ts";
import { alignment, uniformity } from "./alignmentUniformity.ts";
import { linearCka } from "./cka.ts";
import { knnAccuracy, knnDefaults, knnPredict } from "./knn.ts";
import { nearestNeighbours, searchNeighbours } from "./nearestNeighbours.ts";
import { neighbourOverlap } from "./neighbourOverlap.ts";
import { embeddingSpread } from "./spread.ts";

type Matrix = readonly (readonly number[])[];
const prng = createPrng(11, "evaluation.test");
const matrix = (rows: number, columns: number): number[][] =>
  Array.from({ length: rows }, () => Array.from({ length: columns }, () => prng.normal()));
const tensor = (rows: Matrix): tf.Tensor2D => tf.tensor2d(rows.map((row) => [...row]));
const unit = (rows: Matrix): Matrix => rows.map((row) => row.map((v) => v / Math.hypot(...row)));
const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, v, d) => sum + v * b[d]!, 0);
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const squaredDistance = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, v, d) => sum + (v - b[d]!) ** 2, 0);

/** Bank rows by similarity to one query, most similar first. */
const ranking = (query: readonly number[], bank: Matrix): number[] =>
  bank
    .map((_, i) => i)
    .sort((a, b) => dot(unit([query])[0]!, unit(bank)[b]!) - dot(unit([query])[0]!, unit(bank)[a]!));

async function valueOf(compute: () => tf.Scalar): Promise<number> {
  const scalar = tf.tidy(compute);
  const value = Number((await scalar.data())[0]);
  scalar.dispose();
  return value;
}

describe.each(nodeBackends)("on %s", (backend) => {
  beforeAll(() => useNodeBackend(backend));
  const bank = matrix(37, 5);
  const queries = matrix(11, 5);
  const bankClasses = bank.map((_, i) => (i % 9 === 0 ? -1 : i % 4));

  test("neighbours and their order are those of a full sort", async () => {
    const [b, q] = [normalizeRows(tensor(bank)), normalizeRows(tensor(queries))];
    const before = tf.memory().numTensors;
    for (const k of [1, 6, 37]) {
      const { indices, cosines } = await nearestNeighbours(b, q, k);
      queries.forEach((query, i) => {
        expect(Array.from(indices.subarray(i * k, (i + 1) * k))).toEqual(ranking(query, bank).slice(0, k));
        expect(cosines[i * k]).toBeCloseTo(dot(unit([query])[0]!, unit(bank)[indices[i * k]!]!), 5);
      });
    }
    const own = await nearestNeighbours(b, b, 4, { excludeSelf: true });
    bank.forEach((row, i) =>
      expect(Array.from(own.indices.subarray(i * 4, i * 4 + 4))).toEqual(ranking(row, bank).slice(1, 5)),
    );
    expect(tf.memory().numTensors).toBe(before);
    tf.dispose([b, q]);
  });

  test("a search for neighbours goes in slices, and given up in between leaves nothing behind", async () => {
    const random = createPrng(29, "blocks");
    const values = Float32Array.from({ length: 4500 * 2 }, () => random.normal());
    const rows = tf.tidy(() => normalizeRows(tf.tensor2d(values, [4500, 2])));
    const before = tf.memory().numTensors;
    const options = { excludeSelf: true, task: "searching" };
    const whole = await nearestNeighbours(rows, rows, 2, options);
    const search = searchNeighbours(rows, rows, 2, options);
    const slices: number[] = [];
    for (;;) {
      const next = await search.next();
      if (next.done === true) {
        expect(next.value).toEqual(whole);
        break;
      }
      expect(next.value).toMatchObject({ task: "searching", total: 4500 });
      slices.push(next.value.done);
    }
    expect(slices.length).toBeGreaterThan(2);
    expect(slices[1]).toBe(2 * slices[0]!);
    expect(slices.at(-1)).toBe(4500);
    const left = searchNeighbours(rows, rows, 2, options);
    await left.next();
    await left.return(undefined as never);
    expect(tf.memory().numTensors).toBe(before);
    rows.dispose();
  });

  test("kNN votes are those of a slow loop; images without label neither vote nor count", async () => {
    const [b, q] = [tensor(bank), tensor(queries)];
    const before = tf.memory().numTensors;
    const options = { neighbours: 8, temperature: 0.3 };
    const answer = await knnPredict({ bank: b, queries: q, bankClasses, ...options });
    const expected = queries.map((query) => {
      const votes = [0, 0, 0, 0];
      for (const i of ranking(query, bank).slice(0, 8))
        if (bankClasses[i]! >= 0)
          votes[bankClasses[i]!]! += Math.exp(dot(unit([query])[0]!, unit(bank)[i]!) / 0.3);
      return votes;
    });
    expect(answer.classCount).toBe(4);
    expected
      .flat()
      .forEach((votes, i) => expect(answer.scores[i]! / (votes || 1)).toBeCloseTo(votes ? 1 : 0, 4));
    const predictions = expected.map((votes) => votes.indexOf(Math.max(...votes)));
    expect(Array.from(answer.predictions)).toEqual(predictions);

    const truth = predictions.map((c, i) => (i === 0 ? -1 : i < 4 ? c : (c + 1) % 4));
    const share = await knnAccuracy({ bank: b, queries: q, bankClasses, queryClasses: truth, ...options });
    expect(share).toBe(3 / 10);
    expect(tf.memory().numTensors).toBe(before);
    tf.dispose([b, q]);
  });

  test("neighbour overlap: 1 with a rotated copy, the shared part with half a shuffle, chance with noise", async () => {
    const first = knownUnitRows(tensor(unit(bank)));
    const turned = knownUnitRows(tensor(unit(bank).map(([a, b, ...rest]) => [b!, -a!, ...rest])));
    const noise = knownUnitRows(tensor(unit(matrix(37, 6))));
    const nearest = (rows: UnitRows, k: number) => nearestNeighbours(rows, rows, k, { excludeSelf: true });
    expect(neighbourOverlap(await nearest(first, 5), await nearest(turned, 5))).toBe(1);
    const chance = neighbourOverlap(await nearest(first, 12), await nearest(noise, 12));
    expect(Math.abs(chance - 12 / 36)).toBeLessThan(0.1);
    tf.dispose([first, turned, noise]);
  });

  test("spread is 0 when collapsed, 1 when even, and in between what loops say", async () => {
    const spread = (rows: Matrix) => valueOf(() => embeddingSpread(knownUnitRows(tensor(rows))));
    expect(await spread(Array.from({ length: 6 }, () => unit([[3, 1, 2]])[0]!))).toBeCloseTo(0, 6);
    expect(await spread(unit(matrix(4000, 16)))).toBeCloseTo(1, 2);
    const rows = unit(bank.map(([a, b, c, d, e]) => [a! + 2, b!, c!, d!, e!]));
    const deviations = rows[0]!.map((_, d) => {
      const column = rows.map((row) => row[d]!);
      return Math.sqrt(column.reduce((sum, v) => sum + (v - mean(column)) ** 2, 0) / (column.length - 1));
    });
    expect(await spread(rows)).toBeCloseTo(mean(deviations) * Math.sqrt(5), 5);
  });

  test("alignment and uniformity are what loops say, and collapse shows as 0", async () => {
    const [x, y] = [unit(bank), unit(matrix(37, 5))];
    const ours = (rows: Matrix) => knownUnitRows(tensor(rows));
    expect(await valueOf(() => alignment(ours(x), ours(y)))).toBeCloseTo(
      mean(x.map((row, i) => squaredDistance(row, y[i]!))),
      5,
    );
    const pairs = x.flatMap((a, i) => x.slice(i + 1).map((b) => Math.exp(-2 * squaredDistance(a, b))));
    expect(await valueOf(() => uniformity(ours(x)))).toBeCloseTo(Math.log(mean(pairs)), 5);
    expect(await valueOf(() => uniformity(ours([x[0]!, x[0]!, x[0]!])))).toBeCloseTo(0, 5);
  });

  test("linear CKA is what loops say, whatever the scale", async () => {
    const other = matrix(37, 3);
    const centred = (rows: Matrix): Matrix =>
      rows.map((row) => row.map((v, d) => v - mean(rows.map((r) => r[d]!))));
    const norm = (a: Matrix, b: Matrix): number =>
      Math.sqrt(
        a[0]!
          .flatMap((_, i) =>
            b[0]!.map(
              (__, j) =>
                dot(
                  a.map((r) => r[i]!),
                  b.map((r) => r[j]!),
                ) ** 2,
            ),
          )
          .reduce((sum, v) => sum + v, 0),
      );
    const [x, y] = [centred(bank), centred(other)];
    const expected = norm(x, y) ** 2 / (norm(x, x) * norm(y, y));
    expect(await valueOf(() => linearCka(tensor(bank), tensor(other)))).toBeCloseTo(expected, 5);
    const huge = bank.map((row) => row.map((v) => 1e6 * v));
    expect(await valueOf(() => linearCka(tensor(huge), tensor(other)))).toBeCloseTo(expected, 5);
  });
});

test("kNN settings follow the size of the bank", () => {
  expect(knnDefaults(9_999)).toEqual({ neighbours: 20, temperature: 0.07 });
  expect(knnDefaults(10_000)).toEqual({ neighbours: 200, temperature: 0.1 });
});
