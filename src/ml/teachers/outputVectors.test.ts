import { beforeAll, describe, expect, it } from "vitest";
import * as tf from "../tfjs/tf.ts";
import { vectorsOf } from "./outputVectors.ts";

beforeAll(() => tf.setBackend("cpu"));

/** Numbers that tell every place from every other. */
const counting = (...shape: number[]): tf.Tensor =>
  tf.reshape(
    tf.range(
      0,
      shape.reduce((a, b) => a * b, 1),
    ),
    shape,
  );

describe("vectorsOf", () => {
  it("takes vectors as they are, first tokens unless all are asked for, and the mean over places", async () => {
    expect(await vectorsOf(counting(2, 3), undefined, "last").array()).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]);
    expect(await vectorsOf(counting(1, 3, 2), undefined, "last").array()).toEqual([[0, 1]]);
    expect(await vectorsOf(counting(1, 3, 2), "meanToken", "last").array()).toEqual([[2, 3]]);
  });

  it("finds the places of square maps, channels first or last", async () => {
    // 3 channels of 2 × 2 places: first, a channel's numbers lie side by side; last, three apart.
    expect(await vectorsOf(counting(1, 3, 2, 2), undefined, "last").array()).toEqual([[1.5, 5.5, 9.5]]);
    expect(await vectorsOf(counting(1, 2, 2, 3), "average", "last").array()).toEqual([[4.5, 5.5, 6.5]]);
    const cube = counting(1, 2, 2, 2);
    expect(await vectorsOf(cube, undefined, "first").array()).toEqual([[1.5, 5.5]]);
    expect(await vectorsOf(cube, undefined, "last").array()).toEqual([[3, 4]]);
    expect(vectorsOf(counting(1, 5, 1, 1), undefined, "last").shape).toEqual([1, 5]);
    expect(vectorsOf(counting(1, 1, 1, 5), undefined, "last").shape).toEqual([1, 5]);
  });

  it.each([
    [[2, 3], "firstToken"],
    [[2, 3, 4], "average"],
    [[2, 3, 4, 4], "meanToken"],
    [[2], undefined],
    [[2, 3, 4, 5, 6], undefined],
  ] as const)("refuses %j pooled by %s", (shape, pooling) => {
    expect(() => vectorsOf(counting(...shape), pooling, "last")).toThrow(/cannot be made|neither a vector/);
  });
});
