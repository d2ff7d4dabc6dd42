import { expect, test } from "vitest";
import { defaultConfig, type Config } from "../../contract/config.ts";
import { metricColumns } from "../../contract/metrics.ts";
import type { Engine, EngineEvent } from "../../contract/protocol.ts";
import { readRunCheckpoint } from "../../formats/runCheckpoint.ts";
import { sampleRun } from "../../formats/testing/sampleRun.ts";
import { MemoryFiles } from "../kept/fileStore.ts";
import { createTestEngine } from "./testing/createTestEngine.ts";

const config: Config = {
  ...defaultConfig,
  imageSize: 16,
  teacherInputSize: 8,
  studentWidth: 4,
  hiddenWidth: 24,
  batchSize: 6,
  queueSize: 30,
  steps: 6,
  evaluationImages: 40,
  seed: 5,
};

async function open(): Promise<{ engine: Engine; events: EngineEvent[] }> {
  const files = new MemoryFiles();
  const engine = createTestEngine({ openKeptFiles: async () => files });
  const events: EngineEvent[] = [];
  engine.subscribe((event) => {
    events.push(event.type === "metrics" ? { ...event, rows: event.rows.slice() } : event);
  });
  await engine.request("openBackend", { choice: "wasm" });
  await engine.request("drawDemo", { seed: 2, count: 96, size: 24 });
  await engine.request("loadTeacher", { kind: "bundled" });
  return { engine, events };
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
}

function lossesOf(events: readonly EngineEvent[]): number[] {
  const losses: number[] = [];
  for (const event of events)
    if (event.type === "metrics")
      for (let at = 0; at < event.rows.length; at += metricColumns.length) losses.push(event.rows[at + 1]!);
  return losses;
}

const isOver = (events: readonly EngineEvent[]): boolean => events.some(({ type }) => type === "runEnded");

test("a run is taken along while it stands still, and one that comes from elsewhere goes on as it would have", async () => {
  const { engine, events } = await open();
  await engine.request("startRun", { runId: "run-here", config, paused: true });
  const isAt = (step: number) => (): boolean =>
    events.some((event) => event.type === "runState" && event.state === "paused" && event.step === step);
  await until(isAt(0));
  const take = () => engine.request("exportForCluster", { runId: "run-here" });
  await expect(take()).rejects.toThrow("No step has been taken yet");
  for (const step of [1, 2, 3]) {
    await engine.request("stepRun", { runId: "run-here" });
    await until(isAt(step));
  }
  const { checkpoint, networks, teacher, heldOut } = await take();
  expect(readRunCheckpoint(checkpoint.slice()).facts).toMatchObject({ step: 3, totalSteps: 6 });
  expect(JSON.parse(networks)).toMatchObject({ teacher: { mean: [0.485, 0.456, 0.406] } });
  expect(teacher!.length).toBeGreaterThan(100_000);
  expect(heldOut).toEqual([]); // of the demo set
  await engine.request("resumeRun", { runId: "run-here" });
  await until(() => isOver(events));
  const whole = lossesOf(events);
  expect(whole).toHaveLength(6);
  await engine.request("dropTeacher", null);

  const other = await open();
  const record = {
    format: "disco-playground-kept-run",
    formatVersion: 1,
    runId: "run-there",
    name: "from elsewhere",
    note: "",
    starred: false,
    startedAt: "2026-11-29T10:00:00.000Z",
    ablation: false,
    verdict: "",
    run: sampleRun,
  } as const;
  await other.engine.request("saveKept", { record, student: null, checkpoint });
  const { runs } = await other.engine.request("listKept", null);
  expect(runs[0]).toMatchObject({ record: { runId: "run-there" }, checkpoint: { step: 3 } });
  const asked = { runId: "run-there", paused: false, keepEveryMs: Infinity, totalSteps: null, patch: {} };
  const { step, metrics } = await other.engine.request("continueRun", asked);
  expect(step).toBe(3);
  await until(() => isOver(other.events));
  const before = Array.from({ length: 3 }, (_, i) => metrics[i * metricColumns.length + 1]!);
  expect([...before, ...lossesOf(other.events)]).toEqual(whole);
  await other.engine.request("dropTeacher", null);
}, 120_000);
