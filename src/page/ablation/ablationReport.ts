import { settings, type Config } from "../../contract/config.ts";
import type { AblationDesign } from "../../contract/presets.ts";
import { ablationCsv } from "../commands/ablation.ts";
import { figureSvg } from "../plots/figureSvg.ts";
import { changedRows } from "../report/changedRows.ts";
import { htmlReport, type ReportSection } from "../report/htmlReport.ts";
import type { AblationJob } from "../stores/ablationStore.ts";
import { ablationFigures } from "./ablationFigures.ts";
import { ablationTable } from "./ablationTable.ts";
import { dimensionFigure } from "./dimensionFigure.ts";

/** What was varied, what came of it, and every run behind it. */
export function ablationReport(
  design: AblationDesign,
  config: Config | null,
  jobs: readonly AblationJob[],
): string {
  const label = settings[design.axis].label.toLowerCase();
  const changed = config === null ? [] : changedRows(config);
  const failed = jobs.filter(({ state }) => state === "failed");
  return htmlReport({
    title: `DisCo Playground: ${label} varied`,
    lead: `${jobs.length} runs of ${design.steps} steps: ${label} ${design.values.join(", ")}, seeds ${design.seeds.join(", ")}. Everything else was held.`,
    sections: [
      ...ablationFigures(design, config, jobs).map((source): ReportSection => ({
        kind: "figure",
        svg: figureSvg(dimensionFigure(source)),
      })),
      { kind: "table", ...ablationTable(design, jobs) },
      {
        kind: "text",
        text: "The published finding it is compared with: a student whose head is too narrow cannot take in the teacher's embedding (the Distilling BottleNeck, arXiv 2104.09124, on ImageNet).",
      },
      ...(failed.length === 0
        ? []
        : [
            {
              kind: "table" as const,
              caption: "Runs that failed",
              header: [label, "seed", "why"],
              rows: failed.map(({ value, seed, problem }) => [String(value), String(seed), problem]),
            },
          ]),
      ...(changed.length === 0
        ? []
        : [
            {
              kind: "table" as const,
              caption: "What all runs change against the defaults",
              header: ["setting", "here", "default"],
              rows: changed,
            },
          ]),
      { kind: "file", name: "ablation.csv", content: ablationCsv(design, jobs) },
    ],
  });
}
