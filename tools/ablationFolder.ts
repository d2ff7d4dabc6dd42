/** What `npm run ablate` writes, and goes on from when it is started again. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { configDifference, type Config } from "../src/contract/config.ts";
import { AppError } from "../src/contract/errors.ts";
import { metricColumns } from "../src/contract/metrics.ts";
import { formatKeptAblation, parseKeptAblation, type KeptAblation } from "../src/formats/keptAblation.ts";
import { parseMetricsCsv } from "../src/formats/metricsCsv.ts";
import { parseRunFile } from "../src/formats/runFile.ts";
import { ablationFigures } from "../src/page/ablation/ablationFigures.ts";
import { ablationCsv } from "../src/page/ablation/ablationTable.ts";
import { paperFigure } from "../src/page/ablation/paperFigure.ts";
import { figureSvg } from "../src/page/plots/figureSvg.ts";
import type { AblationJob } from "../src/contract/ablationJob.ts";
import { hasTeacher } from "../src/page/stores/runStore.ts";
import { isSameJob, jobsByValue, planJobs, rowValues } from "../src/page/trials/ablationJobs.ts";
import { endMean } from "../src/page/metrics/endMean.ts";
import { summariseValue } from "../src/page/trials/summarise.ts";
import { UsageError } from "./trainArguments.ts";

const stateFile = "ablation.json";

/** The folder of one run, within the ablation's: "hiddenWidth-8-seed-1". */
export function runFolder(axis: string, { value, seed }: Pick<AblationJob, "value" | "seed">): string {
  return `${value === null ? "without-a-teacher" : `${axis}-${value}`}-seed-${seed}`;
}

/**
 * The ablation as it is asked for, with the results that the folder already has. More values, or more seeds, may be
 * asked for than before.
 *
 * @throws UsageError when the folder holds an ablation of something else, or with other settings.
 */
export function openAblation(
  folder: string,
  design: KeptAblation["design"],
  config: Config,
): Omit<KeptAblation, "jobs"> & { readonly jobs: readonly AblationJob[] } {
  const before = readAblation(folder);
  const planned = planJobs(design);
  if (before === null) return { design, config, dataFingerprint: "", jobs: planned };
  const { axis, steps } = before.design;
  const changed = Object.keys(configDifference(config, before.config));
  if (axis !== design.axis || steps !== design.steps || changed.length > 0) {
    const what =
      changed.length > 0 ? `with other settings: ${changed.join(", ")}` : `of ${axis}, ${steps} steps`;
    throw new UsageError(`--out ${folder}: holds an ablation ${what}. Choose another folder`);
  }
  const isKept = (job: AblationJob): boolean =>
    job.state === "done" && existsSync(join(folder, runFolder(axis, job), "run.json"));
  const jobs = planned.map((job) => before.jobs.find((kept) => isSameJob(kept, job) && isKept(kept)) ?? job);
  return { design, config, dataFingerprint: before.dataFingerprint, jobs };
}

function readAblation(folder: string): KeptAblation | null {
  const path = join(folder, stateFile);
  if (!existsSync(path)) return null;
  try {
    return parseKeptAblation(readFileSync(path, "utf8"));
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    throw new UsageError(`--out ${folder}: ${stateFile} in it: ${error.message} Choose another folder`);
  }
}

/** What a run came to, from the files that it left. */
export function readResult(folder: string): {
  readonly result: NonNullable<AblationJob["result"]>;
  readonly dataFingerprint: string;
} {
  const { config, metrics, dataFingerprint } = parseRunFile(readFileSync(join(folder, "run.json"), "utf8"));
  const rows = parseMetricsCsv(readFileSync(join(folder, "metrics.csv"), "utf8"));
  const at = metricColumns.indexOf("distillation");
  const losses = rows.filter((_, i) => i % metricColumns.length === at);
  return {
    dataFingerprint,
    result: {
      knn: metrics.evaluations.at(-1)?.knn ?? null,
      prefixes: metrics.evaluations.at(-1)?.prefixes ?? null,
      distillation: hasTeacher(config) ? endMean(losses) : null,
      baseline: metrics.baseline,
    },
  };
}

/** Everything but the runs' own folders, as far as results go. @returns what can be said of them, in words. */
export function writeAblation(folder: string, ablation: KeptAblation): string {
  const { design, config, jobs } = ablation;
  mkdirSync(folder, { recursive: true });
  const figures = ablationFigures(design, config, jobs);
  const conclusion = figures[0]?.conclusion ?? "";
  const measured = jobsByValue(design, jobs);
  const summary = rowValues(design).map((value) => ({
    value,
    knn: summariseValue(measured, value, "knn"),
    distillation: summariseValue(measured, value, "distillation"),
  }));
  const kept = JSON.parse(formatKeptAblation(ablation)) as Record<string, unknown>;
  write(join(folder, stateFile), `${JSON.stringify({ ...kept, conclusion, summary }, null, 2)}\n`);
  write(join(folder, "ablation.csv"), ablationCsv(design, jobs));
  for (const [i, figure] of figures.entries()) {
    const svg = figureSvg(paperFigure(figure));
    write(join(folder, `${figure.id}.svg`), svg);
    if (i === 0) write(join(folder, "figure.svg"), svg); // the one that says most
  }
  return conclusion;
}

/** Whole or not at all. */
function write(path: string, text: string): void {
  writeFileSync(`${path}.part`, text);
  renameSync(`${path}.part`, path);
}
