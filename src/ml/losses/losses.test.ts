import { beforeAll, describe, expect, test } from "vitest";
import { nodeBackends, useNodeBackend } from "../../../tools/nodeBackends.ts";
import { createPrng } from "../../lib/prng.ts";
import { knownUnitRows, normalizeRows, type UnitRows } from "../tensors/unitRows.ts";
import * as tf from "../tfjs/tf.ts";
import { distillationLoss } from "./distillationLoss.ts";
import { infoNce } from "./infoNce.ts";
import { lossCases, lossErrors } from "../../../verify/references/slowLosses.ts";

describe.each(nodeBackends)("on %s", (backend) => {
  beforeAll(() => useNodeBackend(backend));

  test.each(lossCases)("$name equals slow loops, its gradient finite differences", async (it) => {
    const before = tf.memory().numTensors;
    const errors = await lossErrors(it);
    expect(errors.value).toBeLessThan(1e-5);
    expect(errors.gradient).toBeLessThan(2e-5);
    expect(tf.memory().numTensors).toBe(before);
  });

  test("the distillation weight means the same for every batch size", async () => {
    const prng = createPrng(1, "weights");
    const rows = (): number[][] =>
      Array.from({ length: 5 }, () => Array.from({ length: 3 }, () => prng.normal()));
    const [student, teacher] = [rows(), rows()];
    const unit = (values: number[][]): UnitRows => normalizeRows(tf.tensor2d(values));
    const loss = (s: number[][], t: number[][]) => tf.tidy(() => distillationLoss(unit(s), unit(t)));
    const once = loss(student, teacher);
    const twice = loss([...student, ...student], [...teacher, ...teacher]);
    expect((await twice.data())[0]).toBeCloseTo(Number((await once.data())[0]), 6);
    tf.dispose([once, twice]);
  });

  test("infoNce is log(K + 1) when the queue cannot be told from the key, at any temperature", async () => {
    for (const temperature of [1, 0.2, 0.01]) {
      const value = tf.tidy(() => {
        const same = knownUnitRows(tf.tensor2d([[1, 0, 0]]));
        return infoNce(same, same, knownUnitRows(tf.tile(same, [11, 1])), temperature);
      });
      expect((await value.data())[0]).toBeCloseTo(Math.log(12), 4);
      value.dispose();
    }
  });
});
