import { beforeEach, describe, expect, test } from "vitest";
import { defaultConfig } from "../../contract/config.ts";
import type { DatasetSummary } from "../../contract/dataset.ts";
import type { TeacherCard } from "../../contract/teacher.ts";
import { configStore, patchConfig } from "../stores/configStore.ts";
import { datasetStore } from "../stores/datasetStore.ts";
import { engineStore } from "../stores/engineStore.ts";
import { noticeStore } from "../stores/noticeStore.ts";
import { runHistory } from "../stores/runHistory.ts";
import { runStore } from "../stores/runStore.ts";
import { teacherStore } from "../stores/teacherStore.ts";
import { freshPage, settle, type ScriptedEngine } from "../testing/scriptedEngine.ts";
import { changeSetting } from "./changeSetting.ts";
import { startRun, stepRun, stopRun, toggleRun } from "./startRun.ts";

let engine: ScriptedEngine;
const lastNotice = () => noticeStore.getState().notices.at(-1)?.message ?? "";

beforeEach(() => {
  engine = freshPage();
});

test("one click on a fresh page draws the demo, loads the bundled teacher and trains", async () => {
  await startRun(engine);
  expect(engine.asked).toEqual(["drawDemo", "loadTeacher", "startRun"]);
  expect(runStore.getState()).toMatchObject({ state: "running", preparing: "" });
  engine.finish(0.5, 0.8);
  expect(runStore.getState()).toMatchObject({ state: "ended", end: { kind: "finished" }, step: 20 });
  expect(runHistory.getState().runs).toMatchObject([
    { name: "defaults", ablation: false, last: { step: 20 } },
  ]);
  await startRun(engine);
  expect(engine.asked).toEqual(["drawDemo", "loadTeacher", "startRun", "startRun"]);
});

test("what is missing is said, and nothing starts", async () => {
  patchConfig({ data: "own" });
  await startRun(engine);
  expect(lastNotice()).toMatch(/no images of your own/);
  patchConfig({ data: "demo", teacher: "own" });
  await startRun(engine);
  expect(lastNotice()).toMatch(/no teacher of your own/);
  patchConfig({ teacher: "none" });
  await startRun(engine);
  expect(lastNotice()).toMatch(/needs a teacher/);
  expect(engine.asked).not.toContain("startRun");
  expect(runStore.getState().state).toBe("idle");
});

test("a method without a teacher asks for none", async () => {
  patchConfig({ method: "mocov2", teacher: "none" });
  await startRun(engine);
  expect(engine.asked).toEqual(["drawDemo", "startRun"]);
});

test("Start waits for the backend and for images being read; Stop in between calls it off", async () => {
  engineStore.setState({ status: "opening" });
  patchConfig({ data: "own" });
  datasetStore.setState({ ingestion: { task: "decoding" } as never });
  const started = startRun(engine);
  await settle();
  engineStore.setState({ status: "ready" });
  await settle();
  expect(engine.asked).toEqual([]);
  datasetStore.setState({ ingestion: null, summary: { kind: "own", name: "mine" } as DatasetSummary });
  await started;
  expect(engine.asked).toEqual(["loadTeacher", "startRun"]);
  engine.finish(0.5, null);

  engineStore.setState({ status: "opening" });
  const calledOff = startRun(engine);
  await settle();
  await stopRun(engine);
  engineStore.setState({ status: "ready" });
  await calledOff;
  expect(engine.asked).toEqual(["loadTeacher", "startRun"]);
  expect(noticeStore.getState().notices).toEqual([]);
});

describe("Start while something is being read", () => {
  const reading = (): void => datasetStore.setState({ ingestion: { task: "decoding" } as never });
  const mine = { kind: "own", name: "mine" } as DatasetSummary;
  /** In the order in which `loadImages.ts` does it. */
  const finishReading = (): void => {
    datasetStore.setState({ summary: mine });
    patchConfig({ data: "own" });
    datasetStore.setState({ ingestion: null });
  };

  test("trains on what was dropped, with the settings as they are when it begins", async () => {
    reading();
    const started = startRun(engine);
    await settle();
    patchConfig({ seed: 7 });
    finishReading();
    await started;
    expect(engine.asked).toEqual(["loadTeacher", "startRun"]);
    expect(engine.started).toMatchObject([{ data: "own", seed: 7 }]);
    expect(runStore.getState().config).toMatchObject({ data: "own" });
  });

  test("trains on what is dropped while the teacher is loading, too", async () => {
    teacherStore.setState({ status: "loading" });
    const started = startRun(engine);
    await settle();
    reading();
    teacherStore.setState({ status: "ready", card: { source: "bundled" } as TeacherCard });
    await settle();
    expect(engine.started).toEqual([]);
    finishReading();
    await started;
    expect(engine.started).toMatchObject([{ data: "own" }]);
  });

  test("starts nothing when no images come of it", async () => {
    reading();
    const started = startRun(engine);
    await settle();
    datasetStore.setState({ ingestion: null });
    await started;
    expect(lastNotice()).toMatch(/not started: no images came/);
    expect(engine.asked).toEqual([]);
    await startRun(engine);
    expect(engine.started).toMatchObject([{ data: "demo" }]);
  });

  test("uses the teacher that was chosen meanwhile, and starts nothing when it is refused", async () => {
    reading();
    const started = startRun(engine);
    await settle();
    patchConfig({ teacher: "own" });
    teacherStore.setState({ status: "ready", card: { source: "pytorch" } as TeacherCard });
    finishReading();
    await started;
    expect(engine.asked).toEqual(["startRun"]);
    expect(engine.started).toMatchObject([{ data: "own", teacher: "own" }]);
    engine.finish(0.5, null);

    teacherStore.setState({ status: "loading" });
    const refused = startRun(engine);
    await settle();
    const error = { code: "out-of-memory", message: "no room" } as const;
    teacherStore.setState({ status: "ready", card: { source: "bundled" } as TeacherCard, error });
    patchConfig({ teacher: "bundled" });
    await refused;
    expect(lastNotice()).toMatch(/its teacher could not be loaded/);
    expect(engine.started).toHaveLength(1);
  });
});

test("a step without a run begins one and takes its first step", async () => {
  await stepRun(engine);
  expect(engine.asked.slice(-2)).toEqual(["startRun", "stepRun"]);
  expect(runStore.getState()).toMatchObject({ state: "paused", step: 1 });
  await toggleRun(engine);
  expect(runStore.getState().state).toBe("running");
  await toggleRun(engine);
  expect(runStore.getState().state).toBe("paused");
});

test("a refused run ends as failed and says why", async () => {
  patchConfig({ embeddingDim: 512 });
  await startRun(engine);
  expect(runStore.getState()).toMatchObject({ state: "ended", end: { kind: "failed" } });
  expect(lastNotice()).toBe("512 dimensions, the teacher has 128");
});

test("a live setting reaches the run that is going, however fast the slider; others wait", async () => {
  await startRun(engine);
  const moved = [0.1, 0.2, 0.3].map((rate) => changeSetting(engine, "learningRate", rate));
  await changeSetting(engine, "batchSize", 64);
  await Promise.all(moved);
  expect(engine.adjusted).toEqual([{ learningRate: 0.1 }, { learningRate: 0.3 }]);
  expect(runStore.getState().config).toMatchObject({ learningRate: 0.3, batchSize: defaultConfig.batchSize });
  expect(runStore.getState().adjustments.map(({ patch }) => patch)).toEqual(engine.adjusted);
  expect(configStore.getState().config).toMatchObject({ learningRate: 0.3, batchSize: 64 });
});
