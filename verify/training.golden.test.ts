import { describe, expect, test, vi } from "vitest";
import { byName, goldenFixtures } from "../tools/goldenFixtures.ts";
import { nodeBackends, useNodeBackend } from "../tools/nodeBackends.ts";
import { improveBackend } from "../src/ml/tfjs/improveBackend.ts";
import * as tf from "../src/ml/tfjs/tf.ts";
import { verifyDisco } from "./verifyDisco.ts";
import { verifyGradients } from "./verifyGradients.ts";
import { verifyModels } from "./verifyModels.ts";

// Plain JavaScript takes a quarter of a minute for six steps on an idle machine.
vi.setConfig({ testTimeout: 180_000 });

const steps = goldenFixtures("3_disco").filter((fixture) => "config" in (fixture.manifest as object));
const networks = goldenFixtures("2_gradients");
const models = goldenFixtures("1_models");

describe.each(nodeBackends)("PyTorch's training on %s", (backend) => {
  test.each(byName(steps))("%s", async (_name, fixture) => {
    await useNodeBackend(backend);
    improveBackend(backend);
    const before = tf.memory().numTensors;
    const rows = await verifyDisco(fixture);
    expect(rows.filter((row) => !row.passed)).toEqual([]);
    expect(tf.memory().numTensors).toBe(before);
  });

  test.each(byName(networks))("%s", async (_name, fixture) => {
    await useNodeBackend(backend);
    improveBackend(backend);
    const before = tf.memory().numTensors;
    const rows = await verifyGradients(fixture);
    expect(rows.filter((row) => !row.passed)).toEqual([]);
    expect(tf.memory().numTensors).toBe(before);
  });
});

// On WASM only: plain JavaScript takes minutes for these; `npm run verify` does it.
describe("torchvision's models on wasm", () => {
  test.each(byName(models))("%s", async (_name, fixture) => {
    await useNodeBackend("wasm");
    improveBackend("wasm");
    const before = tf.memory().numTensors;
    const rows = await verifyModels(fixture);
    expect(rows.filter((row) => !row.passed)).toEqual([]);
    expect(tf.memory().numTensors).toBe(before);
  });
});
