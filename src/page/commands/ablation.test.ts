import { beforeEach, describe, expect, test } from "vitest";
import { defaultConfig } from "../../contract/config.ts";
import type { DatasetSummary } from "../../contract/dataset.ts";
import { ablationStore } from "../stores/ablationStore.ts";
import { configStore, patchConfig } from "../stores/configStore.ts";
import { datasetStore } from "../stores/datasetStore.ts";
import { runHistory } from "../stores/runHistory.ts";
import { runStore } from "../stores/runStore.ts";
import { freshPage, settle, type ScriptedEngine } from "../testing/scriptedEngine.ts";
import {
  ablationCsv,
  continueAblation,
  pauseAblation,
  planJobs,
  referencesOf,
  resumeAblation,
  startAblation,
  stopAblation,
  summarise,
} from "./ablation.ts";

let engine: ScriptedEngine;
const states = () => ablationStore.getState().jobs.map((job) => job.state);

beforeEach(() => {
  engine = freshPage();
  ablationStore.setState({ design: { axis: "hiddenWidth", values: [64, 256], seeds: [5, 6], steps: 20 } });
});

describe("ablation", () => {
  test("runs every value with every seed, one after another, on one set of images and one teacher", async () => {
    configStore.setState({ config: { ...defaultConfig, learningRate: 0.07, seed: 99 } });
    const whole = startAblation(engine);
    const scores = [0.3, 0.5, 0.4, 0.7];
    for (const [index, score] of scores.entries()) {
      await settle();
      expect(engine.started).toHaveLength(index + 1);
      expect(states()[index]).toBe("running");
      engine.finish(1 - score, score);
    }
    await whole;

    expect(engine.started.map(({ hiddenWidth, seed }) => [hiddenWidth, seed])).toEqual([
      [64, 5],
      [256, 5],
      [64, 6],
      [256, 6],
    ]);
    expect(engine.started.every(({ learningRate, steps }) => learningRate === 0.07 && steps === 20)).toBe(
      true,
    );
    expect(engine.asked.filter((name) => name === "drawDemo" || name === "loadTeacher")).toHaveLength(2);
    const { status, jobs } = ablationStore.getState();
    expect(status).toBe("finished");
    expect(referencesOf(jobs)).toMatchObject({ teacherKnn: 0.9, chance: 0.1 });
    // Compared on the same images, and as many of them as there are.
    expect(new Set(engine.started.map(({ splitSeed }) => splitSeed)).size).toBe(1);
    expect(engine.started.every(({ evaluationImages }) => evaluationImages === 100_000)).toBe(true);
    expect(runHistory.getState().runs.map((run) => [run.ablation, run.config.seed])).toEqual([
      [true, 5],
      [true, 5],
      [true, 6],
      [true, 6],
    ]);

    const knn = summarise(ablationStore.getState().jobs, "knn");
    expect(knn.map(({ value, seeds }) => [value, seeds.map(({ y }) => y)])).toEqual([
      [64, [0.3, 0.4]],
      [256, [0.5, 0.7]],
    ]);
    expect(knn[1]!.mean).toBeCloseTo(0.6);
    expect(knn[1]!.std).toBeCloseTo(Math.SQRT2 * 0.1);
    expect(summarise(ablationStore.getState().jobs, "distillation")[0]!.mean).toBeCloseTo(0.65);
  });

  test("begun while images are being read, it runs on these; continued, on nothing else", async () => {
    datasetStore.setState({ ingestion: { task: "decoding" } as never });
    const whole = startAblation(engine);
    await settle();
    datasetStore.setState({ summary: { kind: "own", name: "mine" } as DatasetSummary });
    patchConfig({ data: "own", learningRate: 0.07 });
    datasetStore.setState({ ingestion: null });
    await settle();
    expect(engine.asked).not.toContain("drawDemo");
    expect(engine.started).toMatchObject([{ data: "own", learningRate: 0.07 }]);
    expect(ablationStore.getState().config).toMatchObject({ data: "own", learningRate: 0.07 });
    await stopAblation(engine);
    await whole;

    // Of one on the demo, images that are being read are not thrown away.
    ablationStore.setState({ config: defaultConfig });
    datasetStore.setState({ summary: null, ingestion: { task: "decoding" } as never });
    const continued = continueAblation(engine);
    await settle();
    datasetStore.setState({ summary: { kind: "own", name: "more" } as DatasetSummary });
    datasetStore.setState({ ingestion: null });
    await continued;
    expect(engine.asked).not.toContain("drawDemo");
    expect(ablationStore.getState().status).toBe("stopped");
  });

  test("its state is plain data: a copy through JSON continues the queue", async () => {
    const first = startAblation(engine);
    await settle();
    engine.finish(0.5, 0.5);
    await settle();
    await stopAblation(engine);
    await first;
    expect(states()).toEqual(["done", "queued", "queued", "queued"]);
    expect(ablationStore.getState().status).toBe("stopped");

    ablationStore.setState(JSON.parse(JSON.stringify(ablationStore.getState())) as never, true);
    const second = continueAblation(engine);
    for (let i = 0; i < 3; i++) {
      await settle();
      engine.finish(0.5, 0.5);
    }
    await second;
    expect(states()).toEqual(["done", "done", "done", "done"]);
    expect(engine.started).toHaveLength(5); // the stopped one again
  });

  test("a value the engine refuses, or a run that diverges, fails alone", async () => {
    ablationStore.setState({
      design: { axis: "embeddingDim", values: [512, 32, 64], seeds: [1], steps: 20 },
    });
    const whole = startAblation(engine);
    await settle();
    engine.end({ kind: "diverged", step: 3, message: "the loss is not finite", hint: "" });
    await settle();
    engine.finish(0.5, null);
    await whole;
    expect(states()).toEqual(["failed", "failed", "done"]);
    expect(ablationStore.getState().jobs.map((job) => job.problem)).toEqual([
      "512 dimensions, the teacher has 128",
      "the loss is not finite",
      "",
    ]);
    expect(summarise(ablationStore.getState().jobs, "knn")).toEqual([]);
    const lines = ablationCsv(ablationStore.getState().design, ablationStore.getState().jobs).split("\n");
    expect(lines[0]).toBe("embeddingDim,seed,steps,knn,distillation,state,problem");
    expect(lines[3]).toBe("64,1,20,,0.5,done,");
  });

  test("pause holds the run and the queue, resume lets both go on", async () => {
    const whole = startAblation(engine);
    await settle();
    await pauseAblation(engine);
    expect(runStore.getState().state).toBe("paused");
    engine.finish(0.5, 0.5); // its last step was already under way
    await settle();
    expect(engine.started).toHaveLength(1);
    await resumeAblation(engine);
    await settle();
    expect(engine.started).toHaveLength(2);
    await stopAblation(engine);
    await whole;
  });

  test("a lost backend ends the queue, and the rest stays in it", async () => {
    const whole = startAblation(engine);
    await settle();
    engine.emit({ type: "backendLost", error: { code: "backend-lost", message: "the device is gone" } });
    await whole;
    expect(states()).toEqual(["failed", "queued", "queued", "queued"]);
    expect(ablationStore.getState().status).toBe("stopped");
  });
});

test("jobs go through all values before the next seed", () => {
  const jobs = planJobs({ axis: "hiddenWidth", values: [1, 2], seeds: [7, 8], steps: 1 });
  expect(jobs.map(({ value, seed }) => [value, seed])).toEqual([
    [1, 7],
    [2, 7],
    [1, 8],
    [2, 8],
  ]);
});
