import { expect, test } from "vitest";
import { createPrng } from "../../lib/prng.ts";
import { RowThinner } from "./rowThinner.ts";

test("few rows are all kept", () => {
  expect([...new RowThinner(1, 100).update([[3, 1, 2]], 3)]).toEqual([0, 1, 2]);
});

/** What is kept, all rows at once and without merging: slow, and easy to see through. */
function keptSlowly(columns: readonly ArrayLike<number>[], rows: number, rowsPerBucket: number): number[] {
  const kept = new Set<number>();
  for (let start = 0; start < rows; start += rowsPerBucket) {
    const bucket = Array.from({ length: Math.min(rows, start + rowsPerBucket) - start }, (_, i) => start + i);
    kept.add(start).add(bucket.at(-1)!);
    const odd = bucket.filter((row) => columns.some((column) => !Number.isFinite(column[row])));
    if (odd.length > 0) kept.add(odd[0]!).add(odd.at(-1)!);
    for (const column of columns) {
      const finite = bucket.filter((row) => Number.isFinite(column[row]));
      const byValue = (a: number, b: number): number => column[a]! - column[b]! || a - b;
      if (finite.length > 0) kept.add([...finite].sort(byValue)[0]!);
      const byValueDown = (a: number, b: number): number => column[b]! - column[a]! || a - b;
      if (finite.length > 0) kept.add([...finite].sort(byValueDown)[0]!);
    }
  }
  return [...kept].sort((a, b) => a - b);
}

test.each([
  [64, 1],
  [65, 2],
  [128, 2],
  [129, 4],
  [5003, 128],
])("of %i rows the ends, extremes and what is not finite of buckets of %i", (rows, rowsPerBucket) => {
  const prng = createPrng(7, "thinner");
  const columns = [0, 1].map(() =>
    Float32Array.from({ length: rows }, () => {
      const u = prng.uniform();
      return u < 0.003 ? Number.NaN : u < 0.005 ? Infinity : Math.round(prng.normal() * 20); // ties
    }),
  );
  const wanted = keptSlowly(columns, rows, rowsPerBucket);
  expect([...new RowThinner(2, 64).update(columns, rows)]).toEqual(wanted);

  // In any portions, as metrics arrive.
  const inPortions = new RowThinner(2, 64);
  for (let known = 0; known < rows; known += 1 + prng.integer(17)) inPortions.update(columns, known);
  expect([...inPortions.update(columns, rows)]).toEqual(wanted);
});

test("a long run keeps no more rows than a short one, and takes no longer to draw", () => {
  const rows = 1_000_000;
  const column = Float32Array.from({ length: rows }, (_, i) => Math.sin(i));
  const thinner = new RowThinner(1, 512);
  expect(thinner.update([column], rows).length).toBeLessThanOrEqual(4 * 512);
  let read = 0;
  const watched = new Proxy(column, {
    get: (target, key) => {
      read++;
      return Reflect.get(target, key) as unknown;
    },
  });
  thinner.update([watched], rows);
  expect(read).toBe(0);
});
