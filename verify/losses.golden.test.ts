import { describe, expect, test } from "vitest";
import { byName, goldenFixtures } from "../tools/goldenFixtures.ts";
import { nodeBackends, useNodeBackend } from "../tools/nodeBackends.ts";
import * as tf from "../src/ml/tfjs/tf.ts";
import { verifyLosses } from "./verifyLosses.ts";

const fixtures = goldenFixtures("4_losses");

describe.each(nodeBackends)("PyTorch's losses on %s", (backend) => {
  test.each(byName(fixtures))("%s", async (_name, fixture) => {
    await useNodeBackend(backend);
    const before = tf.memory().numTensors;
    const rows = await verifyLosses(fixture);
    expect(rows.filter((row) => !row.passed)).toEqual([]);
    expect(rows.length).toBeGreaterThan(0);
    expect(tf.memory().numTensors).toBe(before);
  });
});
