import { beforeAll, describe, expect, test } from "vitest";
import { useNodeBackend } from "../tools/nodeBackends.ts";
import * as tf from "../src/ml/tfjs/tf.ts";
import { checked, checkedEqual, worstAbsolute, worstRelative } from "./checkRow.ts";
import type { Fixture, FixtureArray } from "./fixture.ts";
import { runFixture } from "./runFixture.ts";

beforeAll(() => useNodeBackend("cpu"));

/** SimReg of one image, worked out by hand: s = (3, 4), t = (0, 2): cos 0.8, loss 0.4, gradient along (12, −9)/125 · 2. */
function handMade(change: { loss?: number; gradient?: number[]; name?: string } = {}): Fixture {
  const array = (shape: number[], values: number[]): FixtureArray => ({
    shape,
    values: Float32Array.from(values),
  });
  const name = change.name ?? "simreg";
  return {
    name: "4_losses/by_hand",
    manifest: {
      fixture: "4_losses/by_hand",
      losses: {
        [name]: {
          hyper_parameters: {},
          inputs: ["t", "s"],
          gradient_wrt: ["s"],
          loss: change.loss ?? 0.4,
          tolerance: { "loss relative": 1e-5, "gradient rel_max": 1e-5 },
        },
      },
    },
    arrays: new Map([
      ["in.t", array([1, 2], [0, 2])],
      ["in.s", array([1, 2], [3, 4])],
      [`${name}.grad.s`, array([1, 2], change.gradient ?? [24 / 125, -18 / 125])],
    ]),
  };
}

describe("runFixture", () => {
  test("passes what is right, and leaves no tensor", async () => {
    const before = tf.memory().numTensors;
    const rows = await runFixture(handMade());
    expect(rows.map((row) => [row.check, row.passed])).toEqual([
      ["simreg: loss", true],
      ["simreg: gradient of s", true],
    ]);
    expect(tf.memory().numTensors).toBe(before);
  });

  test("fails a value or a gradient that is a little wrong, and a NaN", async () => {
    const failing = async (fixture: Fixture) =>
      (await runFixture(fixture)).filter((row) => !row.passed).map((row) => row.check);
    expect(await failing(handMade({ loss: 0.40002 }))).toEqual(["simreg: loss"]);
    expect(await failing(handMade({ gradient: [24 / 125, -18.001 / 125] }))).toEqual([
      "simreg: gradient of s",
    ]);
    expect(await failing(handMade({ gradient: [NaN, -18 / 125] }))).toEqual(["simreg: gradient of s"]);
    expect(await failing(handMade({ gradient: [24 / 125] }))).toEqual(["simreg: gradient of s"]);
  });

  test("says what it does not understand, and fails it", async () => {
    const [unknownLoss] = await runFixture(handMade({ name: "hinge" }));
    expect(unknownLoss).toMatchObject({ passed: false });
    expect(unknownLoss?.problem).toMatch(/NotUnderstood.*hinge/);
    const fixture = handMade();
    const [unknownKind] = await runFixture({ ...fixture, manifest: { fixture: "9_new/thing" } });
    expect(unknownKind?.problem).toMatch(/NotUnderstood.*9_new/);
    const [nothing] = await runFixture({ ...fixture, manifest: { fixture: "4_losses/x", losses: {} } });
    expect(nothing?.passed).toBe(false);
    const [lacking] = await runFixture({ ...fixture, arrays: new Map() });
    expect(lacking?.problem).toMatch(/in\.t/);
  });
});

test("errors are measured over the whole array; a NaN on either side fails", () => {
  expect(worstAbsolute([1, 2, 3], [1, 2.5, 3.25])).toBe(0.5);
  expect(worstRelative([1, 2, 3], [1, 2.5, 4])).toBe(0.25);
  expect(worstRelative([0.5], [0])).toBe(0.5);
  for (const [ours, golden] of [
    [[NaN], [1]],
    [[1], [NaN]],
    [[1, 2], [1]],
  ] as const)
    expect(worstAbsolute(ours, golden)).toBe(Infinity);
  expect(worstAbsolute([NaN, 1], [0, 1])).toBe(Infinity);
  expect(checked("x", NaN, 1).passed).toBe(false);
  expect(checkedEqual("x", [1, 2], [1, 2, 3])).toMatchObject({ error: 1, passed: false });
});
