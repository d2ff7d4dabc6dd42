import { axisLabel, ablationAxes } from "../../contract/ablationAxes.ts";
import type { AblationDesign } from "../../contract/ablationDesign.ts";
import type { Config } from "../../contract/config.ts";
import { figureSvg } from "../plots/figureSvg.ts";
import { changedRows } from "../report/changedRows.ts";
import { htmlReport, type ReportSection } from "../report/htmlReport.ts";
import type { AblationJob } from "../../contract/ablationJob.ts";
import { ablationFigures } from "./ablationFigures.ts";
import { jobLabel, rowValues } from "../trials/ablationJobs.ts";
import { ablationCsv, ablationTable, stateNames } from "./ablationTable.ts";
import { paperFigure } from "./paperFigure.ts";
import { describePublished } from "./publishedFinding.ts";

/** What was varied, what came of it, and every run behind it. */
export function ablationReport(
  design: AblationDesign,
  config: Config | null,
  jobs: readonly AblationJob[],
): string {
  const label = axisLabel(design.axis).toLowerCase();
  const { note } = ablationAxes[design.axis];
  const changed = config === null ? [] : changedRows(config);
  const leftOut = jobs.filter(({ state }) => state === "failed" || state === "stoppedEarly");
  const values = rowValues(design).map((value) => jobLabel(design, { value }));
  const figures = ablationFigures(design, config, jobs);
  const [first] = figures;
  return htmlReport({
    title: `DisCo Playground: ${label} varied`,
    lead: `${jobs.length} runs of ${design.steps} steps: ${label} ${values.join(", ")}; seeds ${design.seeds.join(", ")}. Everything else was held. ${note}`.trim(),
    sections: [
      ...(first === undefined || first.conclusion === ""
        ? []
        : [{ kind: "text" as const, text: first.conclusion }]),
      ...figures.map((source): ReportSection => ({ kind: "figure", svg: figureSvg(paperFigure(source)) })),
      { kind: "table", ...ablationTable(design, jobs) },
      { kind: "text", text: describePublished(design.axis) },
      ...(leftOut.length === 0
        ? []
        : [
            {
              kind: "table" as const,
              caption: "Runs that are left out",
              header: [label, "seed", "state", "why"],
              rows: leftOut.map((job) => [
                jobLabel(design, job),
                String(job.seed),
                stateNames[job.state],
                job.problem,
              ]),
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
