import { describe, expect, test } from "vitest";
import { byName, goldenFixtures } from "../tools/goldenFixtures.ts";
import { nodeBackends, useNodeBackend } from "../tools/nodeBackends.ts";
import * as tf from "../src/ml/tfjs/tf.ts";
import { verifyEvaluation } from "./verifyEvaluation.ts";

const fixtures = goldenFixtures("6_evaluation");

describe.each(nodeBackends)("evaluation as the oracle's on %s", (backend) => {
  test.each(byName(fixtures))("%s", async (_name, fixture) => {
    await useNodeBackend(backend);
    const before = tf.memory().numTensors;
    const rows = await verifyEvaluation(fixture);
    expect(rows.filter((row) => !row.passed)).toEqual([]);
    expect(rows.length).toBeGreaterThan(0);
    expect(tf.memory().numTensors).toBe(before);
  });
});
