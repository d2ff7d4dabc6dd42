import { afterAll, expect, test } from "vitest";
import { defaultConfig, type Config } from "../../contract/config.ts";
import type { Evaluation } from "../../contract/metrics.ts";
import type { Engine, EngineEvent } from "../../contract/protocol.ts";
import * as tf from "../../ml/tfjs/tf.ts";
import { createTestEngine } from "./testing/createTestEngine.ts";

/** Learns fast enough for three steps to show in what is judged. */
const config: Config = {
  ...defaultConfig,
  imageSize: 16,
  teacherInputSize: 16,
  studentWidth: 4,
  hiddenWidth: 24,
  batchSize: 6,
  queueSize: 30,
  learningRate: 0.5,
  evaluateEvery: 0,
  evaluationImages: 40,
  steps: 3,
};

afterAll(() => tf.setBackend("cpu"));

type BaselineEvent = Extract<EngineEvent, { type: "baseline" }>;

function isWholeBaseline(event: EngineEvent): boolean {
  return event.type === "baseline" && event.baseline.teacherKnn !== null;
}

/** The events of a run until `over`, after which it is stopped. */
async function run(
  engine: Engine,
  paused: boolean,
  over: (event: EngineEvent) => boolean,
): Promise<EngineEvent[]> {
  const events: EngineEvent[] = [];
  const runId = paused ? "paused" : "going";
  await new Promise<void>((resolve, reject) => {
    const unsubscribe = engine.subscribe((event) => {
      events.push(event);
      if (event.type === "runEnded") {
        unsubscribe();
        resolve();
      } else if (over(event)) void engine.request("stopRun", { runId });
    });
    engine.request("startRun", { runId, config, paused }).catch(reject);
  });
  return events;
}

test("the untrained student is judged as it was, although the first losses come before", async () => {
  const engine = createTestEngine();
  await engine.request("openBackend", { choice: "wasm" });
  await engine.request("drawDemo", { seed: 2, count: 96, size: 24 });
  await engine.request("loadTeacher", { kind: "bundled" });

  // Paused before its first step: the fixed lines come one after another, the teacher's last.
  const before = await run(engine, true, (event) => isWholeBaseline(event));
  expect(before.some(({ type }) => type === "metrics")).toBe(false);
  const after = await run(engine, false, () => false);
  const types = after.map(({ type }) => type);
  expect(types.indexOf("metrics")).toBeGreaterThan(-1);
  expect(types.indexOf("metrics")).toBeLessThan(types.indexOf("baseline"));

  const baselineOf = (events: readonly EngineEvent[]): unknown => events.find(isWholeBaseline);
  const evaluationsOf = (events: readonly EngineEvent[]): readonly Evaluation[] =>
    events.flatMap((event) => (event.type === "evaluation" ? [event.evaluation] : []));
  expect(baselineOf(after)).toEqual({ ...(baselineOf(before) as object), runId: "going" });
  const [untrained, trained] = evaluationsOf(after);
  // The first time the teacher had not seen the bank yet, and the overlap came with its line.
  expect(evaluationsOf(before)).toEqual([{ ...untrained, overlap: null }]);
  expect(untrained!.overlap).toBe((after.find(isWholeBaseline) as BaselineEvent).baseline.untrainedOverlap);
  expect(trained!.overlap).not.toBeNull();
  expect(trained!.effectiveRank).toBeGreaterThan(1);
  expect(trained).toMatchObject({ step: 3 });
  expect(trained).not.toEqual({ ...untrained, step: 3 });
});
