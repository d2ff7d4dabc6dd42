import { afterAll, beforeAll, expect, test } from "vitest";
import { defaultConfig, type Config } from "../../contract/config.ts";
import { metricColumns } from "../../contract/metrics.ts";
import type { Engine, EngineEvent } from "../../contract/protocol.ts";
import * as tf from "../../ml/tfjs/tf.ts";
import { createTestEngine } from "./testing/createTestEngine.ts";

/** A method that has to bag its images before the first step, and a queue to be filled from the teacher. */
const config: Config = {
  ...defaultConfig,
  method: "bingo",
  queueInit: "teacher",
  imageSize: 16,
  teacherInputSize: 16,
  studentWidth: 4,
  hiddenWidth: 24,
  batchSize: 6,
  queueSize: 30,
  learningRate: 0.002,
  evaluateEvery: 0,
  evaluationImages: 40,
  steps: 3,
};
const tasks = [
  "Filling the queue from the teacher",
  "Embedding the images by the teacher",
  "Finding each image's neighbours",
];

let engine: Engine;
let tensorsBefore: number;
beforeAll(async () => {
  engine = createTestEngine();
  await engine.request("openBackend", { choice: "wasm" });
  await engine.request("drawDemo", { seed: 2, count: 250, size: 24 });
  tensorsBefore = (await engine.request("memory", null)).tensors;
});
afterAll(() => tf.setBackend("cpu"));

/** A run to its end; `follow` is told of every event. */
async function run(runId: string, follow: (event: EngineEvent) => void): Promise<readonly EngineEvent[]> {
  await engine.request("loadTeacher", { kind: "bundled" });
  const events: EngineEvent[] = [];
  await new Promise<void>((resolve, reject) => {
    const unsubscribe = engine.subscribe((event) => {
      events.push(event);
      follow(event);
      if (event.type !== "runEnded") return;
      unsubscribe();
      resolve();
    });
    engine.request("startRun", { runId, config, paused: false }).catch(reject);
  });
  await engine.request("dropTeacher", null); // and the run with it
  expect((await engine.request("memory", null)).tensors).toBe(tensorsBefore);
  return events;
}

test("a run tells how its preparation goes, one task after another, and then trains", async () => {
  const events = await run("whole", () => undefined);
  const progress = events.filter((event) => event.type === "progress");
  const told = [...new Set(progress.map(({ task }) => task))];
  expect(told.slice(0, tasks.length)).toEqual(tasks);
  expect(told).toContain("Measuring the teacher"); // when the last step is taken
  for (const task of tasks) {
    const steps = progress.filter((event) => event.task === task);
    steps.forEach((event, i) => expect(event.done).toBeGreaterThan(i === 0 ? 0 : steps[i - 1]!.done));
    expect(steps.at(-1)!.done).toBe(steps.at(-1)!.total);
  }
  const firstOf = (isWanted: (event: EngineEvent) => boolean): number => events.findIndex(isWanted);
  const firstMeasured = firstOf(({ type }) => type === "metrics" || type === "baseline");
  for (const task of tasks)
    expect(firstOf((event) => event.type === "progress" && event.task === task)).toBeLessThan(firstMeasured);
  const rows = events.flatMap((event) => (event.type === "metrics" ? [...event.rows] : []));
  expect(rows.length).toBe(3 * metricColumns.length);
  expect(rows.every(Number.isFinite)).toBe(true);
  expect(events.at(-1)).toMatchObject({ type: "runEnded", end: { kind: "finished" } });
});

test("stopped while it prepares, a run ends as stopped, without a step and without finishing the preparation", async () => {
  const events = await run("stopped", (event) => {
    if (event.type === "progress" && event.task === tasks[1])
      void engine.request("stopRun", { runId: "stopped" });
  });
  const embedding = events.filter((event) => event.type === "progress" && event.task === tasks[1]);
  expect(embedding.length).toBe(1);
  expect(embedding[0]).not.toMatchObject({ done: 200 });
  expect(events.some((event) => event.type === "progress" && event.task === tasks[2])).toBe(false);
  expect(events.some((event) => event.type === "metrics")).toBe(false);
  expect(events.at(-1)).toMatchObject({ type: "runEnded", end: { kind: "stopped" } });
});
