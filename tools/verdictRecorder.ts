import { defaultConfig, type Config } from "../src/contract/config.ts";
import { standardDemo } from "../src/contract/dataset.ts";
import { toWire } from "../src/contract/errors.ts";
import { metricColumns } from "../src/contract/metrics.ts";
import type { Engine, EngineEvent, RunEnd } from "../src/contract/protocol.ts";
import { demoBlocks } from "../src/ml/data/demoBlocks.ts";
import { demoLabels } from "../src/ml/data/demoSet.ts";
import type { RecordedMoment, Recording } from "../src/page/verdict/testing/recording.ts";
import type { VerdictRun } from "./verdictRuns.ts";

/** Shorter than a visitor's, and looked at more often. */
const shortRun = { steps: 60, evaluateEvery: 10, evaluationImages: 480 } as const;

export async function giveImages(engine: Engine, set: { count: number; labelled: boolean }): Promise<void> {
  if (set.count === standardDemo.count) {
    await engine.request("drawDemo", standardDemo);
    return;
  }
  await engine.request("clearImages", { size: standardDemo.size });
  for (const block of demoBlocks({ ...standardDemo, count: set.count })) {
    if (!set.labelled) block.classes.fill(-1);
    await engine.request("addImages", block);
  }
  await engine.request("sealImages", { name: "recorded", labels: set.labelled ? demoLabels : [] });
}

/** Runs it to its end. Of one that cannot begin, the refusal is its end, as it is in the page. */
export async function record(engine: Engine, run: VerdictRun): Promise<Recording> {
  const { name, patch } = run;
  const config: Config = { ...defaultConfig, ...shortRun, ...patch };
  const facts = { ...labelOf(run), images: run.images ?? null };
  const moments: RecordedMoment[] = [];
  const runId = crypto.randomUUID();
  let resolve: (end: RunEnd) => void = () => undefined;
  const ended = new Promise<RunEnd>((done) => (resolve = done));
  const stop = engine.subscribe((event) => {
    if (event.type === "runEnded") resolve(event.end);
    moments.push(...momentsOf(event));
    const last = moments.at(-1);
    if (run.stopAtStep !== undefined && last?.row !== undefined && last.row[0]! >= run.stopAtStep)
      engine.request("stopRun", { runId }).catch(() => undefined); // it may have ended by itself
  });
  try {
    const plan = await engine.request("startRun", { runId, config, paused: false });
    return {
      ...facts,
      config: { ...shortRun, ...patch },
      plan: { ...plan, runId: name, config: null },
      moments,
      end: await ended,
    };
  } catch (error) {
    return {
      ...facts,
      config: { ...shortRun, ...patch },
      plan: null,
      moments: [],
      end: { kind: "failed", error: toWire(error) },
    };
  } finally {
    stop();
  }
}

function momentsOf(event: EngineEvent): RecordedMoment[] {
  if (event.type === "evaluation") return [{ evaluation: event.evaluation }];
  if (event.type === "baseline") return [{ baseline: event.baseline }];
  if (event.type !== "metrics") return [];
  const width = metricColumns.indexOf("imagesPerSecond"); // the clock's columns differ from machine to machine
  return Array.from({ length: event.rows.length / metricColumns.length }, (_, i) => ({
    row: [...event.rows.subarray(i * metricColumns.length, i * metricColumns.length + width)],
  }));
}

/** What a person says of a run, as it stands in its recording. */
export function labelOf({ name, set, healthy, early, late, reason }: VerdictRun) {
  return { name, set, healthy, early, late, reason };
}

/** Four significant digits; what JSON has no number for becomes null. */
export function rounded(_key: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value;
}
