import { expect, test } from "vitest";
import { ringOrder } from "./ringOrder.ts";

test("a list, oldest first, becomes the ring that was written to in place", () => {
  // Keys 1 to 4, two numbers each; keys 5, 6, 7 replaced 1, 2, 3.
  const list = Float32Array.of(4, 40, 5, 50, 6, 60, 7, 70);
  expect([...ringOrder(list, 2, 3)]).toEqual([5, 50, 6, 60, 7, 70, 4, 40]);
  expect([...ringOrder(list, 2, 0)]).toEqual([...list]);
  expect([...ringOrder(list, 2, 8)]).toEqual([...list]);
});
