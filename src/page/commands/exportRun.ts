import { dependencies, version } from "../../../package.json";
import type { Evaluation } from "../../contract/metrics.ts";
import { metricColumns } from "../../contract/metrics.ts";
import type { Engine } from "../../contract/protocol.ts";
import { formatRunFile, type RunFile } from "../../contract/runFile.ts";
import { AppError } from "../../contract/errors.ts";
import type { MetricLog } from "../metrics/metricLog.ts";
import { lastRow } from "../metrics/metricLog.ts";
import { metricLogOf } from "../metrics/metricArchive.ts";
import { datasetStore } from "../stores/datasetStore.ts";
import { engineStore } from "../stores/engineStore.ts";
import { hasTeacher, runStore } from "../stores/runStore.ts";
import { teacherStore } from "../stores/teacherStore.ts";
import { csvFile, shortestFloat32, type CsvRow } from "../../formats/csvTable.ts";
import { keptStudents } from "../stores/keptStudents.ts";
import { saveFile } from "../widgets/saveFile.ts";

export const appVersion: string = version;

/** The current or last run's student encoder, with torchvision's names. */
export async function exportStudent(engine: Engine, withHead: boolean): Promise<void> {
  const { runId } = runStore.getState();
  const file = await engine.request("exportStudent", { runId, withHead });
  saveFile(file.name, file.bytes);
  keptStudents.setState({ isSaved: true });
}

export async function exportMetrics(): Promise<void> {
  const { runId, evaluations } = runStore.getState();
  saveFile("metrics.csv", await csvFile(metricRows(metricLogOf(runId), evaluations)), "text/csv");
}

export function exportRun(): void {
  saveFile("run.json", formatRunFile(currentRunFile()), "application/json");
}

/** What is measured at evaluations rather than at every step. */
const evaluationColumns = ["knn", "overlap", "effectiveRank"] as const;

/**
 * One line per step: `metricColumns`, and `evaluationColumns` on the steps where the student was evaluated, each if it
 * could be measured at all. What is not finite is written `NaN` or `Infinity`.
 */
export function* metricRows(log: MetricLog, evaluations: readonly Evaluation[]): Generator<CsvRow, void> {
  const evaluationAt = new Map(evaluations.map((evaluation) => [evaluation.step, evaluation]));
  const measured = evaluationColumns.filter((name) => evaluations.some((one) => one[name] !== null));
  const columns = metricColumns.map((name) => log.column(name));
  const steps = log.length; // as of now: it may grow before the last row is asked for
  yield [...metricColumns, ...measured];
  for (let i = 0; i < steps; i++) {
    const row = columns.map((column) => shortestFloat32(column[i]!));
    const evaluation = evaluationAt.get(row[0]!);
    yield [...row, ...measured.map((name) => evaluation?.[name] ?? null)];
  }
}

/**
 * The current run as `run.json`. While it is still going its end is `null`.
 *
 * @throws AppError when there is no run yet.
 */
export function currentRunFile(): RunFile {
  const { plan, baseline, evaluations, end, runId, adjustments } = runStore.getState();
  const { report } = engineStore.getState();
  const { summary, origin: dataOrigin } = datasetStore.getState();
  const { origin: teacherOrigin } = teacherStore.getState();
  if (plan === null || report === null || summary === null)
    throw new AppError("not-found", "There is no run to write a file of yet.", { hint: "Start one first." });
  const last = lastRow(metricLogOf(runId));
  const { config } = plan;
  return {
    format: "disco-playground-run",
    formatVersion: 1,
    config,
    seed: config.seed,
    versions: { app: version, tfjs: dependencies["@tensorflow/tfjs"], format: "1" },
    backend: report.chosen,
    adapter: report.adapter,
    dataFingerprint: summary.fingerprint,
    dataset: summary,
    teacher: hasTeacher(config) ? teacherStore.getState().card : null,
    ...(hasTeacher(config) && teacherOrigin !== null ? { teacherOrigin } : {}),
    ...(dataOrigin === null ? {} : { dataOrigin }),
    plan,
    ...(adjustments.length === 0 ? {} : { adjustments }),
    metrics: {
      end,
      steps: last?.step ?? 0,
      elapsedMs: last?.elapsedMs ?? 0,
      baseline,
      evaluations,
      last: last === null ? {} : finiteOnly(last),
    },
  };
}

/** JSON has no NaN; a value that is not finite is left out, and `end` tells of the divergence. */
function finiteOnly(row: Readonly<Record<string, number>>): Record<string, number> {
  const entries = Object.entries(row).filter(([, value]) => Number.isFinite(value));
  return Object.fromEntries(entries.map(([name, value]) => [name, shortestFloat32(value)]));
}
