import { methods } from "../../contract/methods.ts";
import type { RunFile } from "../../contract/runFile.ts";
import { currentRunFile } from "../commands/exportRun.ts";
import { runName } from "../commands/runName.ts";
import { metricLogOf } from "../metrics/metricArchive.ts";
import { chartSpecs, type RunData } from "../plots/chartData.ts";
import { chartFigure } from "../plots/chartFigure.ts";
import { figureSvg } from "../plots/figureSvg.ts";
import { LiveCurves } from "../plots/liveCurves.ts";
import { teacherlessOf } from "../plots/teacherless.ts";
import { plotStore } from "../stores/plotStore.ts";
import { runHistory } from "../stores/runHistory.ts";
import { runStore } from "../stores/runStore.ts";
import { formatCount, formatDuration, formatShare } from "../widgets/formatNumbers.ts";
import { saveFile } from "../widgets/saveFile.ts";
import { changedRows } from "./changedRows.ts";
import { htmlReport, type ReportSection } from "./htmlReport.ts";

/** The current or last run as `report.html`. @throws AppError "not-found" when there is none. */
export function saveRunReport(): void {
  const { runId, evaluations, baseline } = runStore.getState();
  const run = currentRunFile();
  const data: RunData = {
    log: metricLogOf(runId),
    evaluations,
    baseline,
    stepsPerEpoch: run.plan.stepsPerEpoch,
    batchSize: run.plan.config.batchSize,
    totalSteps: run.plan.totalSteps,
    teacherless: teacherlessOf(run.config, run.dataset, runHistory.getState().runs),
  };
  saveFile("report.html", runReport(run, data), "text/html");
}

/** What a run was, how it went and how it is repeated. */
export function runReport(run: RunFile, data: RunData): string {
  const { config } = run;
  const changed = changedRows(config);
  return htmlReport({
    title: `DisCo Playground: ${runName(config)}`,
    lead: leadOf(run),
    sections: [
      { kind: "table", caption: "What was trained", header: [], rows: factRows(run) },
      { kind: "heading", text: "How good it is" },
      ...results(run),
      { kind: "heading", text: "How it went" },
      ...figures(data, runName(config)),
      { kind: "heading", text: "Settings" },
      changed.length === 0
        ? { kind: "text", text: "All as by default." }
        : {
            kind: "table",
            caption: "What differs from the defaults",
            header: ["setting", "this run", "default"],
            rows: changed,
          },
      { kind: "heading", text: "To repeat it" },
      {
        kind: "text",
        text: "Save the following as run.json and give it to npm run train -- --config run.json, with the same images and teacher. The same seed on the same kind of device gives the same run.",
      },
      { kind: "file", name: "run.json", content: JSON.stringify(run, null, 2) },
    ],
  });
}

function leadOf({ config, metrics, plan, versions }: RunFile): string {
  const { label, citation } = methods[config.method];
  const end = metrics.end?.kind ?? "still going";
  return `${label} (${citation}): ${metrics.steps} of ${plan.totalSteps} steps, ${end}. Written by DisCo Playground ${versions["app"] ?? ""}.`;
}

function factRows({ config, plan, dataset, teacher, backend, adapter, metrics, seed }: RunFile): string[][] {
  return [
    [
      "Student",
      `${config.student}, width ${config.studentWidth}, ${formatCount(plan.studentParameters)} parameters`,
    ],
    ["Teacher", teacher === null ? "none" : `${teacher.name}: ${teacher.architecture}`],
    ...(plan.projection === "" ? [] : [["Projection", plan.projection]]),
    ["Images", `${plan.trainImages} to train on, ${plan.heldOutImages} held out, ${dataset.size} px`],
    ["Fingerprint of the images", dataset.fingerprint],
    ["Batch", `${config.batchSize} images of ${config.imageSize} px`],
    ["Seed", String(seed)],
    ["Computed by", `${backend}, ${adapter}`],
    ["Training time", formatDuration(metrics.elapsedMs / 1000)],
  ];
}

function results({ metrics }: RunFile): ReportSection[] {
  const last = metrics.evaluations.at(-1);
  const { baseline } = metrics;
  if (last === undefined) return [{ kind: "text", text: "It was not measured." }];
  return [
    {
      kind: "table",
      caption: `At step ${last.step}${baseline === null ? "" : `, on ${baseline.queryImages} held-out images`}`,
      header: ["", "student", "before training", "teacher", "by guessing"],
      rows: [
        [
          "kNN accuracy",
          formatShare(last.knn),
          formatShare(baseline?.untrainedKnn),
          formatShare(baseline?.teacherKnn),
          formatShare(baseline?.chance),
        ],
        [
          "Neighbours shared with the teacher",
          formatShare(last.overlap),
          formatShare(baseline?.untrainedOverlap),
          "",
          "",
        ],
        ["Cosine with the teacher", last.cosine?.toFixed(3) ?? "–", "", "", ""],
        ["Spread (0 = collapsed, 1 = healthy)", last.spread.toFixed(3), "", "", ""],
      ],
    },
  ];
}

/** Those of which there is something to see. */
function figures(data: RunData, of: string): ReportSection[] {
  const { smoothing } = plotStore.getState();
  return chartSpecs.flatMap((spec): ReportSection[] => {
    const drawn = new LiveCurves(spec, smoothing).read(data, "step", null);
    if (drawn.data.series.every(({ x }) => x.length === 0)) return [];
    const view = {
      unit: "step",
      logY: spec.id === "losses",
      zoom: null,
      hidden: [],
      of: `Run: ${of}.`,
    } as const;
    return [{ kind: "figure", svg: figureSvg(chartFigure(spec, drawn, view)) }];
  });
}
