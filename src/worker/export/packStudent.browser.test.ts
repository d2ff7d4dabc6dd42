import { expect, test } from "vitest";
import { defaultConfig, type Config } from "../../contract/config.ts";
import type { Engine } from "../../contract/protocol.ts";
import { exportPartNames } from "../../contract/studentExport.ts";
import { readSafetensors } from "../../formats/safetensors.ts";
import { sampleRun } from "../../formats/testing/sampleRun.ts";
import { createTestEngine } from "../engine/testing/createTestEngine.ts";
import { browserRuntimes } from "./browserRuntimes.ts";
import { packStudent } from "./packStudent.ts";

const images = 70; // more than are embedded at once
const config: Config = {
  ...defaultConfig,
  imageSize: 16,
  teacherInputSize: 8,
  studentWidth: 4,
  hiddenWidth: 24,
  batchSize: 8,
  queueSize: 32,
  evaluateEvery: 0,
  evaluationImages: 20,
  steps: 3,
};

async function train(engine: Engine): Promise<void> {
  await engine.request("drawDemo", { seed: 2, count: images, size: 24 });
  await engine.request("loadTeacher", { kind: "bundled" });
  const ended = new Promise<void>((resolve) => {
    engine.subscribe((event) => {
      if (event.type === "runEnded") resolve();
    });
  });
  await engine.request("startRun", { runId: "r", config, paused: false });
  await ended;
}

test.each(["webgpu", "wasm"] as const)(
  "a student trained on %s comes out as it is, and tells what it makes of every image",
  async (choice) => {
    const engine = createTestEngine();
    await engine.request("openBackend", { choice });
    await train(engine);
    const before = (await engine.request("memory", null)).tensors;
    const witness = await engine.request("witnessStudent", { runId: "r" });
    expect(witness).toMatchObject({ side: 16, count: 8 });
    const set = await engine.request("embedSet", { runId: "r" });
    expect(set.names).toHaveLength(images);
    expect(set.features).toHaveLength(images * set.dim);
    expect(new Set(set.features.subarray(0, set.dim)).size).toBeGreaterThan(1);
    const { bytes: weights } = await engine.request("exportStudent", { runId: "r", withHead: true });
    const settings = config;
    const fromFile = await engine.request("witnessFile", { weights: new Uint8Array(weights), settings });
    expect(
      Math.max(...fromFile.features.map((value, i) => Math.abs(value - witness.features[i]!))),
    ).toBeLessThan(1e-5);
    expect((await engine.request("memory", null)).tensors).toBe(before);
    expect(Object.fromEntries(readSafetensors(weights).metadata)).toMatchObject({
      head: "projection",
      stem_stride: "1",
      width_factor: "0.0625",
    });
    const { bytes: encoder } = await engine.request("exportStudent", { runId: "r", withHead: false });
    expect(readSafetensors(encoder).metadata.has("head")).toBe(false);
    await expect(engine.request("witnessStudent", { runId: "other" })).rejects.toMatchObject({
      code: "not-found",
    });
    await engine.request("dropTeacher", null);

    const job = {
      weights,
      settings: config,
      witness,
      parts: exportPartNames,
      withHead: true,
      run: sampleRun,
    };
    const said: string[] = [];
    const { checks } = await packStudent(job, browserRuntimes, (what) => said.push(what));
    expect(checks.map(({ file, agrees }) => [file, agrees])).toEqual([
      ["model.onnx", true],
      ["model-uint8.onnx", true],
      ["transformersjs/onnx/model.onnx", true],
      ["tfjs/model.json", true],
    ]);
    expect(checks[0]?.runtime).toMatch(/^ONNX Runtime Web \d/);
    expect(said[0]).toBe("Writing the files");
  },
);
