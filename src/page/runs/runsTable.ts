import { toCsv } from "../../formats/csvTable.ts";
import { latexTable } from "../../formats/latexTable.ts";
import { runHistory, type RunRecord } from "../stores/runHistory.ts";
import { hasTeacher } from "../stores/runStore.ts";
import { formatShare } from "../widgets/formatNumbers.ts";
import { saveFile } from "../widgets/saveFile.ts";

/** The runs of the visit as a table, oldest first: numbers as CSV, as they are read in LaTeX. */
export function saveRuns(kind: "csv" | "latex"): void {
  const { runs } = runHistory.getState();
  if (kind === "csv") saveFile("runs.csv", runsCsv(runs), "text/csv");
  else saveFile("runs.tex", runsLatex(runs), "application/x-tex");
}

export function runsCsv(runs: readonly RunRecord[]): string {
  return toCsv([
    [
      "run",
      "seed",
      "end",
      "steps",
      "loss",
      "distillation",
      "knnUntrained",
      "knn",
      "knnTeacher",
      "overlap",
      "data",
    ],
    ...runs.map(({ name, config, end, last, baseline, evaluations, datasetName }) => [
      name,
      config.seed,
      end.kind,
      last?.step ?? 0,
      last?.loss ?? null,
      hasTeacher(config) ? (last?.distillation ?? null) : null,
      baseline?.untrainedKnn ?? null,
      evaluations.at(-1)?.knn ?? null,
      baseline?.teacherKnn ?? null,
      evaluations.at(-1)?.overlap ?? null,
      datasetName,
    ]),
  ]);
}

export function runsLatex(runs: readonly RunRecord[]): string {
  return latexTable(
    ["Run", "Seed", "Steps", "Loss", "Distillation", "kNN untrained", "kNN"],
    runs.map(({ name, config, last, baseline, evaluations }) => [
      name,
      String(config.seed),
      String(last?.step ?? 0),
      last?.loss.toFixed(3) ?? "–",
      hasTeacher(config) ? (last?.distillation.toFixed(3) ?? "–") : "–",
      formatShare(baseline?.untrainedKnn),
      formatShare(evaluations.at(-1)?.knn),
    ]),
    { caption: "Runs, each named by what it changes against the defaults.", label: "tab:runs" },
  );
}
