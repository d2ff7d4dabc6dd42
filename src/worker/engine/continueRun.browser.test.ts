import { afterAll, describe, expect, test } from "vitest";
import type { BackendName } from "../../contract/backend.ts";
import { defaultConfig, type Config } from "../../contract/config.ts";
import { metricColumns } from "../../contract/metrics.ts";
import { methods } from "../../contract/methods.ts";
import type { Engine, EngineEvent } from "../../contract/protocol.ts";
import * as tf from "../../ml/tfjs/tf.ts";
import { MemoryFiles } from "../kept/fileStore.ts";
import { KeptRuns } from "../kept/keptRuns.ts";
import { createTestEngine } from "./testing/createTestEngine.ts";

/** Fewer where a GPU in software takes them. */
const lengths = { wasm: { stop: 10, steps: 20 }, webgpu: { stop: 3, steps: 6 } } as const;
const base: Config = {
  ...defaultConfig,
  imageSize: 16,
  teacherInputSize: 8, // the bundled teacher is a wide one
  studentWidth: 4,
  hiddenWidth: 24,
  batchSize: 6,
  queueSize: 30,
  blurProbability: 0.5,
  schedule: "cosinePerStep",
  evaluationImages: 40,
  seed: 5,
};

interface Course {
  /** [steps][metricColumns] */
  readonly rows: number[][];
  readonly events: EngineEvent[];
  readonly executor: string;
}

async function open(backend: BackendName, files: MemoryFiles, config: Config): Promise<Engine> {
  const engine = createTestEngine({ openKeptFiles: async () => files });
  await engine.request("openBackend", { choice: backend });
  await engine.request("drawDemo", { seed: 2, count: 96, size: 24 });
  if (methods[config.method].usesTeacher) await engine.request("loadTeacher", { kind: "bundled" });
  return engine;
}

function watch(engine: Engine): EngineEvent[] {
  const events: EngineEvent[] = [];
  engine.subscribe((event) => {
    events.push(event.type === "metrics" ? { ...event, rows: event.rows.slice() } : event);
  });
  return events;
}

async function until(events: readonly EngineEvent[], done: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await done())) {
    const lost = events.find(({ type }) => type === "backendLost");
    const end = events.findLast((event) => event.type === "runEnded" && event.end.kind === "failed");
    if (lost !== undefined || end !== undefined) throw new Error(JSON.stringify(lost ?? end));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function courseOf(events: EngineEvent[]): Course {
  const rows: number[][] = [];
  let executor = "";
  for (const event of events) {
    if (event.type === "metrics")
      for (let at = 0; at < event.rows.length; at += metricColumns.length)
        rows.push([...event.rows.subarray(at, at + metricColumns.length)]);
    if (event.type === "execution") executor = event.execution.executor;
  }
  return { rows, events, executor };
}

const ended = (events: EngineEvent[]): boolean => events.some(({ type }) => type === "runEnded");

async function uninterrupted(backend: BackendName, config: Config): Promise<Course> {
  const engine = await open(backend, new MemoryFiles(), config);
  const events = watch(engine);
  await engine.request("startRun", { runId: "whole", config, paused: false });
  await until(events, () => ended(events));
  await engine.request("dropTeacher", null);
  return courseOf(events);
}

/** Half of the steps one by one, so that the pause is at the middle; then another engine goes on from what is kept. */
async function interrupted(backend: "wasm" | "webgpu", config: Config): Promise<Course> {
  const { stop, steps } = lengths[backend];
  const files = new MemoryFiles();
  const runId = "halved";
  const first = await open(backend, files, config);
  const before = watch(first);
  await first.request("startRun", { runId, config, paused: true, keepEveryMs: Infinity });
  const isAt = (step: number) => (): boolean =>
    before.some((event) => event.type === "runState" && event.state === "paused" && event.step === step);
  await until(before, isAt(0));
  for (let step = 1; step <= stop; step++) {
    await first.request("stepRun", { runId });
    await until(before, isAt(step));
  }
  const isKept = async (): Promise<boolean> =>
    (await new KeptRuns(files).checkpoint(runId))?.facts.evaluations.at(-1)?.step === stop;
  await until(before, isKept);
  // The crash: the first engine is left as it is, and says nothing any more.

  const second = await open(backend, files, config);
  const after = watch(second);
  const asked = { runId, paused: false, keepEveryMs: Infinity, totalSteps: null, patch: {} };
  const { step, metrics, evaluations, live, plan } = await second.request("continueRun", asked);
  expect({ step, live, total: plan.totalSteps }).toEqual({ step: stop, live: plan.config, total: steps });
  expect(evaluations.map((evaluation) => evaluation.step)).toEqual([0, stop]);
  await until(after, () => ended(after));
  await second.request("dropTeacher", null);
  const rows: EngineEvent = { type: "metrics", runId, rows: metrics };
  const told = evaluations.map((evaluation): EngineEvent => ({ type: "evaluation", runId, evaluation }));
  return courseOf([rows, ...told, ...after]);
}

const compared = ["step", "loss", "contrastive", "distillation", "cosine", "learningRate"] as const;

function lossesOf({ rows }: Course): number[][] {
  return rows.map((row) => compared.map((name) => row[metricColumns.indexOf(name)]!));
}

function evaluationsOf({ events }: Course): Map<number, number | null> {
  return new Map(
    events.flatMap((event) =>
      event.type === "evaluation" ? [[event.evaluation.step, event.evaluation.knn] as const] : [],
    ),
  );
}

afterAll(() => tf.setBackend("cpu"));

describe.each([
  ["wasm", "disco", "muon"],
  ["wasm", "disco", "sgd"],
  ["wasm", "simclr", "muon"],
  ["wasm", "bingo", "sgd"],
  ["webgpu", "disco", "muon"],
  ["webgpu", "distillOnly", "sgd"],
  ["webgpu", "seed", "muon"],
] as const)("a run on %s with %s and %s", (backend, method, optimiser) => {
  test(`${backend}, ${method}, ${optimiser}: goes on in another engine as if nothing had happened`, async () => {
    const { stop, steps } = lengths[backend];
    const config: Config = { ...base, method, optimiser, steps, evaluateEvery: stop };
    const whole = await uninterrupted(backend, config);
    const course = await interrupted(backend, config);
    expect(course.executor).toBe(whole.executor);
    expect(whole.executor).toBe(backend === "webgpu" ? "compiled" : "wasmPass");
    const [expected, actual] = [lossesOf(whole), lossesOf(course)];
    if (backend === "wasm") expect(actual).toEqual(expected);
    else {
      expect(actual.length).toBe(steps);
      actual.forEach((row, i) =>
        row.forEach((value, j) => expect(Math.abs(value - expected[i]![j]!)).toBeLessThan(1e-4)),
      );
    }
    expect(evaluationsOf(course)).toEqual(evaluationsOf(whole));
    const times = course.rows.map((row) => row[metricColumns.indexOf("elapsedMs")]!);
    expect(times.every((time, i) => i === 0 || time > times[i - 1]!)).toBe(true);
  }, 300_000);
});

test("a run that has ended goes on for more steps, and its inputs must be the same", async () => {
  const files = new MemoryFiles();
  const config: Config = { ...base, method: "simclr", steps: 4, evaluateEvery: 0 };
  const engine = await open("wasm", files, config);
  const events = watch(engine);
  await engine.request("startRun", { runId: "short", config, paused: false, keepEveryMs: Infinity });
  await until(events, () => ended(events));
  const asked = {
    runId: "short",
    paused: false,
    keepEveryMs: Infinity,
    totalSteps: 6,
    patch: { learningRate: 0.01 },
  };

  await engine.request("drawDemo", { seed: 3, count: 96, size: 24 });
  await expect(engine.request("continueRun", asked)).rejects.toThrow(
    /not the images that the run began with/,
  );
  await engine.request("drawDemo", { seed: 2, count: 96, size: 24 });
  events.length = 0;
  const { plan, step, live } = await engine.request("continueRun", asked);
  expect({ total: plan.totalSteps, step, rate: live.learningRate }).toEqual({
    total: 6,
    step: 4,
    rate: 0.01,
  });
  await until(events, () => ended(events));
  expect(courseOf(events).rows.map(([step]) => step)).toEqual([5, 6]);
  await expect(engine.request("continueRun", { ...asked, runId: "other" })).rejects.toThrow(/no checkpoint/);
});

test("without room the run goes on, and says once what is missing", async () => {
  const config: Config = { ...base, method: "simclr", steps: 6, evaluateEvery: 0 };
  const engine = await open("wasm", new MemoryFiles(1000), config);
  const events = watch(engine);
  await engine.request("startRun", { runId: "tight", config, paused: false, keepEveryMs: 0 });
  await until(events, () => ended(events));
  const problems = events.filter(({ type }) => type === "keepingFailed");
  expect(problems.length).toBe(1);
  expect(problems[0]).toMatchObject({
    error: { code: "storage-failed", message: expect.stringMatching(/MB/) as string },
  });
  expect(events.at(-1)).toMatchObject({ type: "runEnded", end: { kind: "finished" } });
});
