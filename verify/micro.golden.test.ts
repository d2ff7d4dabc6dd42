import { describe, expect, test } from "vitest";
import { byName, goldenFixtures } from "../tools/goldenFixtures.ts";
import { nodeBackends, useNodeBackend } from "../tools/nodeBackends.ts";
import { improveBackend } from "../src/ml/tfjs/improveBackend.ts";
import * as tf from "../src/ml/tfjs/tf.ts";
import { runFixture } from "./runFixture.ts";

const fixtures = goldenFixtures("8_micro");

describe.each(nodeBackends)("PyTorch's small parts on %s", (backend) => {
  test.each(byName(fixtures))("%s", async (_name, fixture) => {
    await useNodeBackend(backend);
    improveBackend(backend);
    const before = tf.memory().numTensors;
    const rows = await runFixture(fixture);
    expect(rows.filter((row) => !row.passed)).toEqual([]);
    expect(rows.length).toBeGreaterThan(0);
    expect(tf.memory().numTensors).toBe(before);
  });
});
