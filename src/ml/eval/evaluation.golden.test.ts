import { describe, expect, test } from "vitest";
import { goldenFixtures } from "../../../tools/goldenFixtures.ts";
import { nodeBackends, useNodeBackend } from "../../../tools/nodeBackends.ts";
import * as tf from "../tf.ts";
import { verifyEvaluation } from "../verify/verifyEvaluation.ts";

const fixtures = goldenFixtures("6_evaluation");

describe.skipIf(fixtures.length === 0).each(nodeBackends)("evaluation as the oracle's on %s", (backend) => {
  test.each(fixtures)("$name", async (fixture) => {
    await useNodeBackend(backend);
    const before = tf.memory().numTensors;
    const rows = await verifyEvaluation(fixture);
    expect(rows.filter((row) => !row.passed)).toEqual([]);
    expect(rows.length).toBeGreaterThan(0);
    expect(tf.memory().numTensors).toBe(before);
  });
});
