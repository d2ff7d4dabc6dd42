import type { KeptRun } from "../../contract/keptRun.ts";
import type { Engine } from "../../contract/protocol.ts";
import { AppError } from "../../contract/errors.ts";
import { csvFile } from "../../formats/csvTable.ts";
import { createMetricLog } from "../metrics/metricLog.ts";
import { keptEntry } from "../stores/keptStore.ts";
import { notify } from "../stores/noticeStore.ts";
import { judgeRun } from "../verdict/verdict.ts";
import { saveFile } from "../widgets/saveFile.ts";
import { metricRows } from "./exportRun.ts";
import { refreshKept } from "./keptRuns.ts";
import { newRunId } from "./newRunId.ts";
import { runName } from "./runName.ts";

/** Downloads a kept run as one zip. */
export async function exportBundle(engine: Engine, runId: string): Promise<void> {
  const entry = keptEntry(runId);
  if (entry === null) throw new AppError("not-found", "This run is not kept.");
  const { metrics, student } = await engine.request("readKept", { runId });
  const { run, name, note, startedAt } = entry.record;
  const log = createMetricLog();
  log.append(metrics);
  const csv = await csvFile(metricRows(log, run.metrics.evaluations));
  const { writeRunBundle } = await import("../../formats/runBundle.ts");
  const bytes = await writeRunBundle(
    { run, name, note, startedAt, student },
    new Uint8Array(await csv.arrayBuffer()),
  );
  saveFile(`${runId}.zip`, bytes, "application/zip");
}

/** Takes a run that was exported into the list. It is a run of its own, however often it is taken in. */
export async function importBundle(engine: Engine, file: File): Promise<void> {
  const { readRunBundle } = await import("../../formats/runBundle.ts");
  const { run, name, note, startedAt, metrics, student, checkpoint } = await readRunBundle(file);
  const runId = newRunId();
  const end = run.metrics.end ?? { kind: "stopped" };
  const log = createMetricLog();
  log.append(metrics);
  const { config, plan } = run;
  const { evaluations, baseline } = run.metrics;
  const record: KeptRun = {
    format: "disco-playground-kept-run",
    formatVersion: 1,
    runId,
    name: name === "" ? runName(run.config) : name,
    note,
    starred: false,
    startedAt,
    ablation: false,
    verdict: judgeRun({ config, plan, end, log, evaluations, baseline }).headline,
    run: { ...run, metrics: { ...run.metrics, end } },
  };
  await engine.request("saveKept", { record, student, metrics, checkpoint });
  await refreshKept(engine);
  notify("info", `“${record.name}” is among the runs now.`, { cause: "other" });
}
