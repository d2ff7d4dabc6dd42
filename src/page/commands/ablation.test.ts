import { beforeEach, describe, expect, test } from "vitest";
import type { StoreApi } from "zustand/vanilla";
import type { BackendReport } from "../../contract/backend.ts";
import type { Config } from "../../contract/config.ts";
import { defaultConfig } from "../../contract/config.ts";
import { AppError } from "../../contract/errors.ts";
import { metricColumns } from "../../contract/metrics.ts";
import type { Engine, EngineEvent, RequestName, Requests } from "../../contract/protocol.ts";
import { followEngine } from "../engineEvents.ts";
import { ablationStore } from "../stores/ablationStore.ts";
import { configStore } from "../stores/configStore.ts";
import { datasetStore } from "../stores/datasetStore.ts";
import { engineStore } from "../stores/engineStore.ts";
import { noticeStore } from "../stores/noticeStore.ts";
import { runHistory } from "../stores/runHistory.ts";
import { runStore } from "../stores/runStore.ts";
import { teacherStore } from "../stores/teacherStore.ts";
import {
  ablationCsv,
  continueAblation,
  pauseAblation,
  planJobs,
  resumeAblation,
  startAblation,
  stopAblation,
  summarise,
} from "./ablation.ts";

/** Answers as the engine does, but a run's "loss" is a formula and the test says when the run ends. */
class ScriptedEngine implements Engine {
  readonly asked: string[] = [];
  readonly started: Config[] = [];
  current: { runId: string; config: Config } | null = null;
  private readonly listeners = new Set<(event: EngineEvent) => void>();

  async request<K extends RequestName>(name: K, input: Requests[K]["in"]): Promise<Requests[K]["out"]> {
    this.asked.push(name);
    return this.answer(name, input) as Requests[K]["out"];
  }

  private answer(name: RequestName, input: unknown): unknown {
    switch (name) {
      case "drawDemo":
        return { name: "demo", kind: "demo", count: 100 };
      case "loadTeacher":
        return { name: "bundled", source: "bundled", embeddingDim: 128 };
      case "startRun": {
        const { runId, config } = input as Requests["startRun"]["in"];
        if (config.embeddingDim > 128)
          throw new AppError("config-invalid", `${config.embeddingDim} dimensions, the teacher has 128`);
        this.current = { runId, config };
        this.started.push(config);
        this.emit({ type: "runState", runId, state: "running", step: 0 });
        return { runId, config, totalSteps: config.steps };
      }
      case "pauseRun":
        this.emit({ type: "runState", runId: this.runId(), state: "paused", step: 1 });
        return null;
      case "resumeRun":
        this.emit({ type: "runState", runId: this.runId(), state: "running", step: 1 });
        return null;
      case "stopRun":
        this.end({ kind: "stopped" });
        return null;
      default:
        throw new Error(`the ablation has no business asking for ${name}`);
    }
  }

  subscribe(listener: (event: EngineEvent) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  emit(event: EngineEvent): void {
    for (const listener of this.listeners) listener(event);
  }

  runId(): string {
    if (this.current === null) throw new Error("no run");
    return this.current.runId;
  }

  /** Twenty steps whose distillation is 4 for ten steps and then `value`, then the end. */
  finish(value: number, knn: number | null): void {
    const runId = this.runId();
    const rows = Array.from({ length: 20 }, (_, i) =>
      metricColumns.map((name) => (name === "step" ? i + 1 : name === "distillation" && i >= 10 ? value : 4)),
    );
    this.emit({ type: "metrics", runId, rows: new Float32Array(rows.flat()) });
    this.emit({
      type: "baseline",
      runId,
      baseline: { teacherKnn: 0.9, chance: 0.1 } as Extract<EngineEvent, { type: "baseline" }>["baseline"],
    });
    this.emit({ type: "evaluation", runId, evaluation: { step: 20, knn, cosine: null, spread: 1 } });
    this.end({ kind: "finished" });
  }

  end(end: Extract<EngineEvent, { type: "runEnded" }>["end"]): void {
    const runId = this.runId();
    this.current = null;
    this.emit({ type: "runEnded", runId, end, memory: { tensors: 0, tensorBytes: 0, imageBytes: 0 } });
  }
}

let engine: ScriptedEngine;
/** Lets everything that waits on promises go on. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 0));
const states = () => ablationStore.getState().jobs.map((job) => job.state);

beforeEach(() => {
  const reset = <S>(store: StoreApi<S>): void => store.setState(store.getInitialState(), true);
  reset(ablationStore);
  reset(configStore);
  reset(datasetStore);
  reset(noticeStore);
  reset(runHistory);
  reset(runStore);
  reset(teacherStore);
  engineStore.setState({ status: "ready", report: {} as BackendReport });
  engine = new ScriptedEngine();
  followEngine(engine);
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
    expect(ablationStore.getState()).toMatchObject({
      status: "finished",
      references: { teacherKnn: 0.9, chance: 0.1 },
    });
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
