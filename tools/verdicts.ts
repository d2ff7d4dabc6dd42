/**
 * Trains the runs that the verdicts are tested with, and writes down what the page would have been told of them:
 *
 *     npm run verdicts -- --record [names]
 *
 * In Node, with the page's own engine. A recording that is there is kept, unless its name is given.
 */
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { defaultConfig, type Config } from "../src/contract/config.ts";
import { standardDemo } from "../src/contract/dataset.ts";
import { toWire } from "../src/contract/errors.ts";
import { metricColumns } from "../src/contract/metrics.ts";
import type { Engine, EngineEvent, RunEnd } from "../src/contract/protocol.ts";
import { demoBlocks } from "../src/ml/data/demoBlocks.ts";
import { demoLabels } from "../src/ml/data/demoSet.ts";
import type { RecordedMoment, Recording } from "../src/page/verdict/recordings/recording.ts";
import { repositoryRoot } from "./build.ts";
import { openNodeEngine } from "./verdictEngine.ts";
import { verdictRuns, type VerdictRun } from "./verdictRuns.ts";

const folder = join(repositoryRoot, "src/page/verdict/recordings");
/** Shorter than a visitor's, and looked at more often. */
const shortRun = { steps: 80, evaluateEvery: 10, evaluationImages: 480 } as const;

const { values, positionals } = parseArgs({
  options: { record: { type: "boolean", default: false } },
  allowPositionals: true,
});
const unknown = positionals.filter((name) => !verdictRuns.some((run) => run.name === name));
if (!values.record || unknown.length > 0) {
  console.error(
    unknown.length > 0
      ? `There is no run ${unknown.join(", ")}.`
      : "npm run verdicts -- --record [names]: trains the recorded runs anew.",
  );
  process.exit(2);
}
const pathOf = ({ name }: VerdictRun): string => join(folder, `${name}.json`);
const wanted = verdictRuns.filter((run) =>
  positionals.length > 0 ? positionals.includes(run.name) : !existsSync(pathOf(run)),
);
const engine = await openNodeEngine();
await engine.request("loadTeacher", { kind: "bundled" });
let images = "";
for (const run of wanted) {
  const startMs = performance.now();
  const set = run.images ?? { count: standardDemo.count, labelled: true };
  if (images !== JSON.stringify(set)) await giveImages(engine, set);
  images = JSON.stringify(set);
  const recording = await record(engine, run);
  await writeFile(pathOf(run), `${JSON.stringify(recording, rounded)}\n`);
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  console.log(`${run.name}: ${recording.end.kind}, ${seconds} s`);
}
process.exit(0); // the engine's message channels would keep Node alive

async function giveImages(engine: Engine, set: { count: number; labelled: boolean }): Promise<void> {
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
async function record(engine: Engine, run: VerdictRun): Promise<Recording> {
  const { name, set, healthy, early, late, reason, patch } = run;
  const config: Config = { ...defaultConfig, ...shortRun, ...patch };
  const facts = { name, set, healthy, early, late, reason, images: run.images ?? null };
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

/** Four significant digits; what JSON has no number for becomes null. */
function rounded(_key: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value;
}
