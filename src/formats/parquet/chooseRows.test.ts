import fc from "fast-check";
import { expect, test } from "vitest";
import { chooseRows } from "./chooseRows.ts";

const groups = fc.array(fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 30 }), { maxLength: 6 });

test("as many rows as asked for, each once, in the order of the files, the same every time", () => {
  fc.assert(
    fc.property(groups, fc.integer({ min: 1, max: 5000 }), (files, most) => {
      const spans = chooseRows(files, most, 2000);
      const total = files.flat().reduce((sum, rows) => sum + rows, 0);
      expect(spans.reduce((sum, { rows }) => sum + rows, 0)).toBe(Math.min(most, total));
      for (const { file, group, rows } of spans) {
        expect(rows).toBeGreaterThan(0);
        expect(rows).toBeLessThanOrEqual(files[file]?.[group] ?? 0);
      }
      const order = spans.map(({ file, group }) => file * 1000 + group);
      expect(order).toEqual([...new Set(order)].sort((a, b) => a - b));
      expect(chooseRows(files, most, 2000)).toEqual(spans);
    }),
  );
});

test("few rows of many come from sixteen places, evenly", () => {
  const spans = chooseRows([new Array<number>(50).fill(1000), new Array<number>(50).fill(1000)], 320, 1000);
  expect(spans).toHaveLength(16);
  expect(spans.every(({ rows }) => rows === 20)).toBe(true);
  expect(spans.filter(({ file }) => file === 1)).toHaveLength(8);
});

test("small row groups: as many as it takes", () => {
  const spans = chooseRows([new Array<number>(1000).fill(100)], 2000, 1000);
  expect(spans).toHaveLength(20);
  expect(spans.map(({ group }) => group).slice(0, 3)).toEqual([0, 50, 100]);
});

test("large images in large groups: fewer places, lest each costs a page of a hundred megabytes", () => {
  const spans = chooseRows([new Array<number>(50).fill(1000)], 2000, 100_000);
  expect(spans.map(({ group, rows }) => [group, rows])).toEqual([
    [0, 500],
    [12, 500],
    [25, 500],
    [37, 500],
  ]);
});
