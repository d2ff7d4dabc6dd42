import { settings } from "../../contract/config.ts";
import type { AblationDesign } from "../../contract/presets.ts";
import { summarise } from "../commands/ablation.ts";
import type { AblationJob } from "../stores/ablationStore.ts";
import { formatShare } from "../widgets/formatNumbers.ts";

/** What an ablation found, a row a value, as it is read on the page and in files. */
export interface AblationTable {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly caption: string;
}

export function ablationTable(design: AblationDesign, jobs: readonly AblationJob[]): AblationTable {
  const knn = new Map(summarise(jobs, "knn").map((point) => [point.value, point]));
  const distillation = new Map(summarise(jobs, "distillation").map((point) => [point.value, point]));
  const values = [...new Set(jobs.map((job) => job.value))].sort((a, b) => a - b);
  const questions = jobs.find(({ result }) => result !== null)?.result?.baseline?.queryImages ?? null;
  return {
    header: [settings[design.axis].label, "Runs", "kNN accuracy", "Distillation loss"],
    rows: values.map((value) => {
      const ofValue = jobs.filter((job) => job.value === value);
      const accuracy = knn.get(value);
      const loss = distillation.get(value);
      const done = ofValue.filter((job) => job.state === "done").length;
      const isRunning = ofValue.some((job) => job.state === "running");
      return [
        String(value),
        `${done} of ${ofValue.length}${isRunning ? ", running" : ""}`,
        accuracy === undefined
          ? "–"
          : formatShare(accuracy.mean) +
            (accuracy.std === null ? "" : ` ± ${(accuracy.std * 100).toFixed(1)}`),
        loss === undefined
          ? "–"
          : loss.mean.toFixed(3) + (loss.std === null ? "" : ` ± ${loss.std.toFixed(3)}`),
      ];
    }),
    caption: `Mean ± standard deviation over seeds, where there are several. The dots in the figure are single runs. All runs are asked about the same held-out images${questions === null ? "" : `, ${questions} of them`}.`,
  };
}
