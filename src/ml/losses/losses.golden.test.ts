import { describe, expect, test } from "vitest";
import { goldenFixtures } from "../../../tools/goldenFixtures.ts";
import { nodeBackends, useNodeBackend } from "../../../tools/nodeBackends.ts";
import * as tf from "../tf.ts";
import { verifyLosses } from "../verify/verifyLosses.ts";

const fixtures = goldenFixtures("4_losses");

describe.skipIf(fixtures.length === 0).each(nodeBackends)("PyTorch's losses on %s", (backend) => {
  test.each(fixtures)("$name", async (fixture) => {
    await useNodeBackend(backend);
    const before = tf.memory().numTensors;
    const rows = await verifyLosses(fixture);
    expect(rows.filter((row) => !row.passed)).toEqual([]);
    expect(rows.length).toBeGreaterThan(0);
    expect(tf.memory().numTensors).toBe(before);
  });
});
