import { describe, expect, test } from "vitest";
import { DivergenceWatch } from "./divergence.ts";

function look(watch: DivergenceWatch, losses: readonly number[], first = 1): DivergenceWatch {
  losses.forEach((loss, i) => watch.look(first + i, Float32Array.of(loss, 0, 0, 0)));
  return watch;
}

describe("a run that goes wrong", () => {
  test.each([NaN, Infinity, -Infinity])("at a loss of %s", (bad) => {
    const watch = look(new DivergenceWatch(), [5, 4, bad, 3]);
    expect(watch.end()).toMatchObject({
      kind: "diverged",
      step: 3,
      message: expect.stringMatching(/finite/) as string,
    });
  });

  test("also when only a part of the loss is not finite", () => {
    const watch = new DivergenceWatch();
    watch.look(7, Float32Array.of(1, 2, NaN, 0));
    expect(watch.end()?.step).toBe(7);
  });

  test("at a loss a hundred times that of the beginning, and at no smaller one", () => {
    const beginning = [8, 7, 9, 8, 7, 8, 7, 6, 8, 7];
    expect(look(new DivergenceWatch(), [...beginning, 899]).end()).toBeNull();
    expect(look(new DivergenceWatch(), [...beginning, 901]).end()).toMatchObject({
      step: 11,
      message: "The loss exploded: 901 at step 11, 9.00 at the beginning.",
    });
    expect(look(new DivergenceWatch(), [...Array<number>(10).fill(0.001), 99]).end()).toBeNull();
  });

  test("not when another weight makes losses larger", () => {
    const watch = look(new DivergenceWatch(), Array<number>(20).fill(1));
    watch.beginAgain();
    expect(look(watch, Array<number>(20).fill(1000), 21).end()).toBeNull();
  });

  test("the first sign counts", () => {
    const watch = look(new DivergenceWatch(), [NaN]);
    watch.loseStudent(5);
    expect(watch.end()?.step).toBe(1);
    const silent = new DivergenceWatch();
    silent.loseStudent(5);
    expect(silent.end()).toMatchObject({ step: 5, message: expect.stringMatching(/weights/) as string });
  });
});
