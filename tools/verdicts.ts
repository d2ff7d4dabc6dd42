/**
 * Says how often the verdicts are right of the recorded runs, as Markdown, or trains the runs anew:
 *
 *     npm run verdicts
 *     npm run verdicts -- --record [names]
 *
 * Trains in Node, with the page's own engine. A recording that is there is kept, unless its name is given. What a person
 * says of a run (`verdictRuns.ts`) is brought up to date in every recording first.
 */
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { standardDemo } from "../src/contract/dataset.ts";
import type { Recording } from "../src/page/verdict/testing/recording.ts";
import { replay } from "../src/page/verdict/testing/replay.ts";
import { openNodeEngine } from "./verdictEngine.ts";
import { giveImages, labelOf, record, rounded } from "./verdictRecorder.ts";
import { readRecordings, recordingsFolder } from "./verdictRecordings.ts";
import { verdictReport } from "./verdictReport.ts";
import { verdictRuns, type VerdictRun } from "./verdictRuns.ts";

const { values, positionals } = parseArgs({
  options: { record: { type: "boolean", default: false } },
  allowPositionals: true,
});
const unknown = positionals.filter((name) => !verdictRuns.some((run) => run.name === name));
if (unknown.length > 0) {
  console.error(`There is no run ${unknown.join(", ")}.`);
  process.exit(2);
}
if (values.record) await recordRuns();
await writeLabels();
console.log(verdictReport(readRecordings().map(replay)));
process.exit(0); // the engine's message channels would keep Node alive

function pathOf({ name }: VerdictRun): string {
  return join(recordingsFolder, `${name}.json`);
}

async function recordRuns(): Promise<void> {
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
    await write(run, recording);
    const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
    console.error(`${run.name}: ${recording.end.kind}, ${seconds} s`);
  }
}

async function writeLabels(): Promise<void> {
  for (const run of verdictRuns.filter((run) => existsSync(pathOf(run)))) {
    const recording = JSON.parse(await readFile(pathOf(run), "utf8")) as Recording;
    await write(run, { ...recording, ...labelOf(run) });
  }
}

function write(run: VerdictRun, recording: Recording): Promise<void> {
  return writeFile(pathOf(run), `${JSON.stringify(recording, rounded)}\n`);
}
