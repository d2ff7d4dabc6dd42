import { settings, type Config } from "../../contract/config.ts";
import type { AblationDesign } from "../../contract/presets.ts";
import { referencesOf, summarise } from "../commands/ablation.ts";
import type { ChartReference } from "../plots/chartData.ts";
import type { AblationJob } from "../stores/ablationStore.ts";
import { hasTeacher } from "../stores/runStore.ts";
import type { DimensionFigureSource } from "./dimensionFigure.ts";

/** The figures of an ablation, on the page and as files. */
export function ablationFigures(
  design: AblationDesign,
  config: Config | null,
  jobs: readonly AblationJob[],
): readonly (DimensionFigureSource & { readonly id: string })[] {
  const references = referencesOf(jobs);
  const shared = {
    axisLabel: `${settings[design.axis].label} (log₂)`,
    values: [...new Set(jobs.map((job) => job.value))],
  };
  const lines = [
    { label: "Teacher", colour: "orange", y: references.teacherKnn },
    { label: "Untrained", colour: "ink", y: references.untrainedKnn },
  ] as const;
  const what = `${design.seeds.length} ${design.seeds.length === 1 ? "seed" : "seeds"} of ${design.steps} steps each; rings are single runs.`;
  const knn = {
    id: "ablation-knn",
    ...shared,
    title: "kNN accuracy at the end",
    measure: "kNN accuracy",
    caption: `kNN accuracy of the student's features on the same held-out images, by ${settings[design.axis].label.toLowerCase()}: ${what}`,
    points: summarise(jobs, "knn"),
    references: lines.flatMap(({ y, ...line }): ChartReference[] => (y === null ? [] : [{ ...line, y }])),
    format: (y: number) => `${Number((y * 100).toFixed(1))} %`,
  };
  if (config === null || !hasTeacher(config)) return [knn];
  const distillation = {
    id: "ablation-distillation",
    ...shared,
    title: "Distillation loss, last tenth",
    measure: "Distillation loss",
    caption: `Squared distance of the student's to the teacher's unit embeddings over both views, mean of the last tenth of the run (0 = equal, 8 at most), by ${settings[design.axis].label.toLowerCase()}: ${what}`,
    points: summarise(jobs, "distillation"),
    references: [],
    format: (y: number) => String(Number(y.toPrecision(3))),
  };
  return [knn, distillation];
}
