import { afterAll, expect, test } from "vitest";
import { defaultConfig } from "../../contract/config.ts";
import type { EngineEvent } from "../../contract/protocol.ts";
import * as tf from "../../ml/tfjs/tf.ts";
import { createTestEngine } from "./testing/createTestEngine.ts";

/** Generous: other programs may have the processor. The bench has the exact figure. */
const longestGapMs = 1500;

afterAll(() => tf.setBackend("cpu"));

test("nothing stands still: from step to step and through every evaluation something is said", async () => {
  const engine = createTestEngine();
  await engine.request("openBackend", { choice: "wasm" });
  await engine.request("drawDemo", { seed: 2, count: 600, size: 32 });
  await engine.request("loadTeacher", { kind: "bundled" });
  const config = { ...defaultConfig, steps: 24, evaluateEvery: 8 };
  const events: { readonly atMs: number; readonly event: EngineEvent }[] = [];
  await new Promise<void>((resolve, reject) => {
    engine.subscribe((event) => {
      events.push({ atMs: performance.now(), event });
      if (event.type === "runEnded") resolve();
    });
    engine.request("startRun", { runId: "run", config, paused: false }).catch(reject);
  });

  const first = events.findIndex(({ event }) => event.type === "metrics");
  expect(first).toBeGreaterThan(-1);
  const gaps = events.slice(first + 1).map(({ atMs }, i) => atMs - events[first + i]!.atMs);
  expect(Math.max(...gaps)).toBeLessThan(longestGapMs);
  // Neither the teacher nor a student was measured in one go: steps went on in between.
  const evaluated = events.flatMap(({ event }) =>
    event.type === "evaluation" ? [event.evaluation.step] : [],
  );
  expect(evaluated).toEqual([0, 8, 16, 24]);
  const types = events.map(({ event }) => event.type);
  const between = types.slice(types.indexOf("evaluation"), types.lastIndexOf("evaluation"));
  expect(between.filter((type) => type === "metrics").length).toBeGreaterThan(3);
  await engine.request("dropTeacher", null);
});
