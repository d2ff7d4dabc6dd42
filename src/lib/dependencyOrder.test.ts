import { expect, test } from "vitest";
import { dependencyOrder } from "./dependencyOrder.ts";

test("what is needed comes before what needs it, each once", () => {
  const needs: Record<string, string[]> = { d: ["b", "c"], c: ["a"], b: ["a", "elsewhere"], a: [] };
  const ordered = dependencyOrder(["d", "c", "b", "a"], (item) => needs[item] ?? []);
  expect([...ordered].sort()).toEqual(["a", "b", "c", "d"]);
  for (const item of ordered)
    for (const needed of needs[item] ?? [])
      if (ordered.includes(needed)) expect(ordered.indexOf(needed)).toBeLessThan(ordered.indexOf(item));
});

test("a circle ends, and so does a chain of a hundred thousand", () => {
  expect(dependencyOrder([1, 2], (item) => [3 - item]).length).toBe(2);
  const chain = Array.from({ length: 100_000 }, (_, i) => i);
  expect(dependencyOrder(chain, (item) => [item + 1])[0]).toBe(99_999);
});
