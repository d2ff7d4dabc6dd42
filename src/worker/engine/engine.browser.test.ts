import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { BackendName } from "../../contract/backend.ts";
import { defaultConfig, type Config } from "../../contract/config.ts";
import { metricColumns } from "../../contract/metrics.ts";
import type { Engine, EngineEvent, RunEnd } from "../../contract/protocol.ts";
import * as tf from "../../ml/tfjs/tf.ts";
import { createTestEngine } from "./testing/createTestEngine.ts";

const steps = 3;
/** Everything of DisCo, as small as it gets. The learning rate is low, so that rounding does not grow. */
const config: Config = {
  ...defaultConfig,
  imageSize: 16,
  teacherInputSize: 8, // the bundled teacher is a wide one, and plain JavaScript slow
  studentWidth: 4,
  hiddenWidth: 24,
  batchSize: 6,
  queueSize: 30,
  learningRate: 0.002,
  distillWeight: 2,
  teacherViews: "same",
  blurProbability: 0.5,
  evaluateEvery: 0,
  evaluationImages: 40,
  seed: 5,
  steps,
};

interface Outcome {
  readonly end: RunEnd;
  /** [steps][metricColumns] */
  readonly rows: readonly (readonly number[])[];
  readonly untrainedKnn: number | null;
  readonly executor: string;
  readonly tensorsBefore: number;
  readonly tensorsAfter: number;
}

/** A whole run through the engine's own interface: demo images, bundled teacher, DisCo. */
async function trainOn(backend: BackendName): Promise<Outcome> {
  const engine = createTestEngine();
  await engine.request("openBackend", { choice: backend });
  await engine.request("drawDemo", { seed: 2, count: 96, size: 24 });
  const tensorsBefore = (await engine.request("memory", null)).tensors;
  await engine.request("loadTeacher", { kind: "bundled" });
  const events = await runToEnd(engine);
  await engine.request("dropTeacher", null); // and the run with it

  const rows: number[][] = [];
  let end: RunEnd | null = null;
  let untrainedKnn: number | null = null;
  let executor = "";
  for (const event of events) {
    if (event.type === "metrics")
      for (let at = 0; at < event.rows.length; at += metricColumns.length)
        rows.push([...event.rows.subarray(at, at + metricColumns.length)]);
    if (event.type === "baseline") untrainedKnn = event.baseline.untrainedKnn;
    if (event.type === "execution") executor = event.execution.executor;
    if (event.type === "runEnded") end = event.end;
  }
  const tensorsAfter = (await engine.request("memory", null)).tensors;
  return { end: end!, rows, untrainedKnn, executor, tensorsBefore, tensorsAfter };
}

function runToEnd(engine: Engine): Promise<readonly EngineEvent[]> {
  return new Promise((resolve, reject) => {
    const events: EngineEvent[] = [];
    const unsubscribe = engine.subscribe((event) => {
      events.push(event);
      if (event.type !== "runEnded") return;
      unsubscribe();
      resolve(events);
    });
    engine.request("startRun", { runId: "run", config, paused: false }).catch(reject);
  });
}

let reference: Outcome;
beforeAll(async () => {
  reference = await trainOn("cpu");
});
afterAll(() => tf.setBackend("cpu"));

const compared = ["loss", "contrastive", "distillation", "cosine"] as const;

describe.each(["webgpu", "wasm", "webgl"] as const)("DisCo on %s", (backend) => {
  test(`${backend} trains to the cpu's losses and gives every tensor back`, async () => {
    const outcome = await trainOn(backend);
    expect(outcome.end).toEqual({ kind: "finished" });
    expect(outcome.executor).toBe({ webgpu: "compiled", wasm: "wasmPass", webgl: "layerByLayer" }[backend]);
    expect(outcome.rows.map((row) => row[0])).toEqual([1, 2, 3]);
    for (const name of compared) {
      const column = metricColumns.indexOf(name);
      outcome.rows.forEach((row, i) => {
        const expected = reference.rows[i]![column]!;
        expect(Math.abs(row[column]! - expected), `${name} of step ${i + 1}`).toBeLessThan(
          2e-3 * Math.abs(expected),
        );
      });
    }
    // Judged by votes, so the last bit may turn one of them.
    expect(Math.abs(outcome.untrainedKnn! - reference.untrainedKnn!)).toBeLessThanOrEqual(0.11);
    expect(outcome.tensorsAfter).toBe(outcome.tensorsBefore);
  });
});
