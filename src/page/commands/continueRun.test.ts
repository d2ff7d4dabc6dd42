import { beforeEach, expect, test } from "vitest";
import { defaultConfig, type Config } from "../../contract/config.ts";
import type { KeptList, KeptRun } from "../../contract/keptRun.ts";
import { metricColumns } from "../../contract/metrics.ts";
import type { RequestName, Requests } from "../../contract/protocol.ts";
import { sampleRun } from "../../formats/testing/sampleRun.ts";
import { metricLogOf } from "../metrics/metricArchive.ts";
import { configStore } from "../stores/configStore.ts";
import { datasetStore } from "../stores/datasetStore.ts";
import { keptStore } from "../stores/keptStore.ts";
import { noticeStore } from "../stores/noticeStore.ts";
import { runStore } from "../stores/runStore.ts";
import { freshPage, ScriptedEngine, settle } from "../testing/scriptedEngine.ts";
import { continueRun } from "./continueRun.ts";
import { discardOffer, followKept } from "./keptRuns.ts";

const config: Config = { ...defaultConfig, method: "mocov2", teacher: "none", steps: 480, seed: 9 };
const runId = "run-kept-1";
const record: KeptRun = {
  format: "disco-playground-kept-run",
  formatVersion: 1,
  runId,
  name: "seed 9",
  note: "mine",
  starred: true,
  startedAt: "2026-11-29T10:00:00.000Z",
  ablation: false,
  verdict: "",
  run: {
    ...sampleRun,
    config,
    dataset: { ...sampleRun.dataset, kind: "own", name: "photos", count: 1200, fingerprint: "f00d" },
    plan: { ...sampleRun.plan, runId, config, totalSteps: 480, stepsPerEpoch: 10 },
    metrics: { ...sampleRun.metrics, end: null },
  },
};

const rowOf = (step: number): number[] => metricColumns.map((_, i) => (i === 0 ? step : step + i));

/** An engine that keeps one run. */
class KeepingEngine extends ScriptedEngine {
  readonly continued: Requests["continueRun"]["in"][] = [];
  readonly saved: KeptRun[] = [];
  readonly dropped: string[] = [];
  hasImages = true;
  list: KeptList = {
    runs: [
      {
        record,
        checkpoint: {
          step: 3,
          totalSteps: 480,
          savedAt: "2026-11-29T10:05:00.000Z",
          dataFingerprint: "f00d",
          teacherHash: null,
        },
        isElsewhere: false,
        hasStudent: false,
        bytes: 1000,
      },
    ],
    images: [],
    teachers: [],
    place: "disk",
  };

  override async request<K extends RequestName>(
    name: K,
    input: Requests[K]["in"],
  ): Promise<Requests[K]["out"]> {
    const answer = this.keep(name, input);
    if (answer === undefined) return super.request(name, input);
    this.asked.push(name);
    return answer as Requests[K]["out"];
  }

  private keep(name: RequestName, input: unknown): unknown {
    switch (name) {
      case "listKept":
        return this.list;
      case "saveKept":
        this.saved.push((input as Requests["saveKept"]["in"]).record);
        return null;
      case "readKept":
        return { metrics: Float32Array.from([1, 2, 3].flatMap(rowOf)), student: null };
      case "deleteKept":
        this.dropped.push(...(input as Requests["deleteKept"]["in"]).runIds);
        return { ...this.list, runs: this.list.runs.map((entry) => ({ ...entry, checkpoint: null })) };
      case "useKeptImages":
        return this.hasImages ? record.run.dataset : null;
      case "continueRun": {
        const asked = input as Requests["continueRun"]["in"];
        this.continued.push(asked);
        this.current = { runId, config };
        const plan = { ...record.run.plan, totalSteps: asked.totalSteps ?? 480 };
        return {
          plan,
          live: { ...config, ...asked.patch, steps: plan.totalSteps },
          step: 3,
          metrics: Float32Array.from([1, 2, 3].flatMap(rowOf)),
          baseline: null,
          evaluations: [{ step: 0, knn: 0.2, cosine: null, spread: 1, overlap: null, effectiveRank: null }],
        };
      }
      default:
        return undefined;
    }
  }
}

let engine: KeepingEngine;
beforeEach(() => {
  freshPage();
  keptStore.setState(keptStore.getInitialState(), true);
  engine = new KeepingEngine();
});

test("an interrupted run goes on with its settings, images, curves and evaluations", async () => {
  keptStore.setState({ list: engine.list, offered: runId });
  expect(await continueRun(engine, runId)).toBe(true);
  expect(engine.asked).toEqual(["useKeptImages", "continueRun"]);
  expect(engine.continued[0]).toMatchObject({ runId, paused: false, totalSteps: null, patch: {} });
  expect(runStore.getState()).toMatchObject({ runId, step: 3, adjustments: [] });
  expect(runStore.getState().evaluations[0]?.knn).toBe(0.2);
  expect([...metricLogOf(runId).column("step")]).toEqual([1, 2, 3]);
  expect(configStore.getState().config).toEqual({ ...config, steps: 480 });
  expect(datasetStore.getState().summary?.name).toBe("photos");
  expect(keptStore.getState().offered).toBe("");
});

test("more epochs and another rate are noted as changes from that step on", async () => {
  keptStore.setState({ list: engine.list });
  await continueRun(engine, runId, { moreEpochs: 2, patch: { learningRate: 0.001 } });
  expect(engine.continued[0]).toMatchObject({ totalSteps: 500, patch: { learningRate: 0.001 } });
  expect(runStore.getState().adjustments).toEqual([
    ...(record.run.adjustments ?? []),
    { step: 3, patch: { learningRate: 0.001, steps: 500 } },
  ]);
});

test("images that are not kept are named, and nothing has begun", async () => {
  engine.hasImages = false;
  keptStore.setState({ list: engine.list, offered: runId });
  expect(await continueRun(engine, runId)).toBe(false);
  expect(noticeStore.getState().notices.at(-1)).toMatchObject({
    message: "The images of this run are not kept: 1,200 from “photos”.",
    hint: expect.stringMatching(/Drop the same files/) as string,
  });
  expect(runStore.getState()).toMatchObject({ runId: "", preparing: "" });
  expect(keptStore.getState().offered).toBe(runId);
});

test("a run that was broken off is offered; discarded, it has stopped where its curve ends", async () => {
  Object.assign(globalThis, { document: new EventTarget() });
  const stop = followKept(engine);
  await settle();
  expect(keptStore.getState().offered).toBe(runId);
  await discardOffer(engine);
  expect(engine.saved.at(-1)).toMatchObject({
    name: "seed 9",
    note: "mine",
    starred: true,
    run: { metrics: { end: { kind: "stopped" }, steps: 3 } },
  });
  expect(engine.dropped).toEqual([runId]);
  expect(keptStore.getState().offered).toBe("");
  stop();
});

test("one that is going in another tab is not", async () => {
  Object.assign(globalThis, { document: new EventTarget() });
  engine.list = { ...engine.list, runs: engine.list.runs.map((entry) => ({ ...entry, isElsewhere: true })) };
  const stop = followKept(engine);
  await settle();
  expect(keptStore.getState().offered).toBe("");
  stop();
});
