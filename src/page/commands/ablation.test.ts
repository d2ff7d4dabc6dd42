import { beforeEach, describe, expect, test } from "vitest";
import type { AblationDesign } from "../../contract/ablationDesign.ts";
import { defaultConfig } from "../../contract/config.ts";
import type { DatasetSummary } from "../../contract/dataset.ts";
import { ablationStore } from "../stores/ablationStore.ts";
import { configStore, patchConfig } from "../stores/configStore.ts";
import { datasetStore } from "../stores/datasetStore.ts";
import { engineStore } from "../stores/engineStore.ts";
import { runHistory } from "../stores/runHistory.ts";
import { runStore } from "../stores/runStore.ts";
import { ablationCsv } from "../ablation/ablationTable.ts";
import { referencesOf, summarise } from "../trials/summarise.ts";
import { freshPage, settle, type ScriptedEngine } from "../testing/scriptedEngine.ts";
import {
  continueAblation,
  moveJob,
  pauseAblation,
  requeueJob,
  resumeAblation,
  skipJob,
  startAblation,
  stopAblation,
} from "./ablation.ts";

let engine: ScriptedEngine;
const states = () => ablationStore.getState().jobs.map((job) => job.state);

const design: AblationDesign = {
  axis: "hiddenWidth",
  values: [64, 256],
  seeds: [5, 6],
  steps: 20,
  withTeacherless: false,
  stopsHopeless: false,
};

beforeEach(() => {
  engine = freshPage();
  ablationStore.setState({ draft: design });
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

    const knn = summarise(design, jobs, "knn");
    expect(knn.map(({ value, seeds }) => [value, seeds.map(({ y }) => y)])).toEqual([
      [64, [0.3, 0.4]],
      [256, [0.5, 0.7]],
    ]);
    expect(knn[1]!.mean).toBeCloseTo(0.6);
    expect(knn[1]!.interval).toEqual({ low: 0.5, high: 0.7 });
    expect(summarise(design, jobs, "distillation")[0]!.mean).toBeCloseTo(0.65);
    expect(jobs.every(({ seconds, attempts }) => seconds !== null && attempts === 1)).toBe(true);
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
    ablationStore.setState({ draft: { ...design, axis: "embeddingDim", values: [512, 32, 64], seeds: [1] } });
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
    const { design: done, jobs } = ablationStore.getState();
    expect(summarise(done, jobs, "knn")).toEqual([]);
    const lines = ablationCsv(done, jobs).split("\n");
    expect(lines[0]).toBe("embeddingDim,seed,steps,knn,distillation,state,problem,teacher_knn");
    expect(lines[3]).toBe("64,1,20,,0.5,done,,0.9");
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

  test("a lost backend ends the queue, and its run waits in it to go on; lost again, it has failed", async () => {
    const loss = {
      type: "backendLost",
      error: { code: "backend-lost", message: "the device is gone" },
    } as const;
    const whole = startAblation(engine);
    await settle();
    const runId = engine.runId();
    engine.emit(loss);
    await whole;
    expect(states()).toEqual(["queued", "queued", "queued", "queued"]);
    expect(ablationStore.getState().jobs[0]).toMatchObject({
      runId,
      attempts: 1,
      problem: "the device is gone",
    });
    expect(ablationStore.getState().status).toBe("stopped");

    engineStore.setState({ status: "ready" });
    const again = continueAblation(engine);
    await settle();
    expect(engine.started.map(({ hiddenWidth }) => hiddenWidth)).toEqual([64, 64]); // nothing was kept of it
    engine.emit(loss);
    await again;
    expect(states()).toEqual(["failed", "queued", "queued", "queued"]);
  });

  test("a run that fails is begun once more, and no more", async () => {
    const whole = startAblation(engine);
    const fail = async (message: string): Promise<void> => {
      await settle();
      engine.end({ kind: "failed", error: { code: "out-of-memory", message, details: [] } });
    };
    await fail("no room");
    await fail("still no room");
    await settle();
    expect(states()).toEqual(["failed", "running", "queued", "queued"]);
    expect(ablationStore.getState().jobs[0]).toMatchObject({ attempts: 2, problem: "still no room" });
    expect(engine.started.map(({ hiddenWidth }) => hiddenWidth)).toEqual([64, 64, 256]);
    await stopAblation(engine);
    await whole;
    requeueJob(ablationStore.getState().jobs[0]!);
    expect(ablationStore.getState().jobs[0]).toMatchObject({ state: "queued", attempts: 0, problem: "" });
  });

  test("jobs that wait change places, are skipped, and come back", async () => {
    const whole = startAblation(engine);
    await settle();
    const job = (index: number) => ablationStore.getState().jobs[index]!;
    moveJob(job(0), 1); // it is running
    moveJob(job(1), -1); // nothing that waits is before it
    moveJob(job(3), -1);
    skipJob(job(1));
    expect(ablationStore.getState().jobs.map(({ value, seed, state }) => [value, seed, state])).toEqual([
      [64, 5, "running"],
      [256, 5, "skipped"],
      [256, 6, "queued"],
      [64, 6, "queued"],
    ]);
    for (let i = 0; i < 3; i++) {
      engine.finish(0.5, 0.5);
      await settle();
    }
    await whole;
    expect(engine.started.map(({ hiddenWidth, seed }) => [hiddenWidth, seed])).toEqual([
      [64, 5],
      [256, 6],
      [64, 6],
    ]);
    expect(ablationStore.getState().status).toBe("finished");
    requeueJob(job(1));
    expect(ablationStore.getState().status).toBe("stopped");
    skipJob(job(1));
    expect(ablationStore.getState().status).toBe("finished");
  });

  test("if asked, a run that is far behind at half its length is stopped, and left out", async () => {
    ablationStore.setState({ draft: { ...design, values: [64, 256, 512], stopsHopeless: true } });
    const whole = startAblation(engine);
    const halfway = (knn: number): void =>
      engine.emit({
        type: "evaluation",
        runId: engine.runId(),
        evaluation: {
          step: 10,
          knn,
          cosine: null,
          spread: 1,
          overlap: null,
          effectiveRank: null,
          prefixes: null,
        },
      });
    for (const knn of [0.5, 0.6, 0.7, 0.55, 0.65]) {
      await settle();
      halfway(0.01); // nothing is hopeless until a value has two seeds
      if (states().filter((state) => state === "done").length < 4) engine.finish(0.5, knn);
    }
    expect(engine.started.every(({ evaluateEvery }) => evaluateEvery === 10)).toBe(true);
    await settle();
    expect(states()).toEqual(["done", "done", "done", "done", "stoppedEarly", "running"]);
    halfway(0.48); // within an interval of the worst mean
    expect(states().at(-1)).toBe("running");
    engine.finish(0.5, 0.72);
    await whole;
    const { jobs } = ablationStore.getState();
    expect(jobs[4]).toMatchObject({ problem: "kNN accuracy 1.0 % at step 10", result: null });
    expect(
      summarise({ ...design, values: [64, 256, 512] }, jobs, "knn").map(({ seeds }) => seeds.length),
    ).toEqual([2, 1, 2]);
    expect(ablationStore.getState().status).toBe("finished");
  });

  test("methods with and without a teacher go in one queue, with the teacher made ready first", async () => {
    configStore.setState({ config: { ...defaultConfig, method: "mocov2", teacher: "none" } });
    ablationStore.setState({ draft: { ...design, axis: "method", values: ["mocov2", "disco"], seeds: [1] } });
    const whole = startAblation(engine);
    await settle();
    expect(engine.asked).toContain("loadTeacher");
    engine.finish(0.5, 0.5);
    await settle();
    engine.finish(0.5, 0.6);
    await whole;
    expect(engine.started.map(({ method, teacher }) => [method, teacher])).toEqual([
      ["mocov2", "none"],
      ["disco", "bundled"],
    ]);
    expect(ablationStore.getState().jobs.map(({ result }) => result?.distillation)).toEqual([null, 0.5]);
  });
});
