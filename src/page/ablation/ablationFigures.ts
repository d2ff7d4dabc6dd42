import { ablationAxes, axisLabel, axisScale, orderedValues, valueTick } from "../../contract/ablationAxes.ts";
import type { AblationDesign, AblationValue } from "../../contract/ablationDesign.ts";
import type { Config } from "../../contract/config.ts";
import { methods } from "../../contract/methods.ts";
import type { ChartReference, SeriesColour } from "../plots/chartData.ts";
import type { AblationJob } from "../../contract/ablationJob.ts";
import { jobConfig, jobsByValue } from "../trials/ablationJobs.ts";
import type { XKind } from "./chartScale.ts";
import { compareWithBaseline, conclude, leadsWithLoss } from "./conclusion.ts";
import { describePublished } from "./publishedFinding.ts";
import { measures } from "../trials/measures.ts";
import { referencesOf, summarise, summariseValue, type AblationPoint } from "../trials/summarise.ts";

/** A measure against what was varied, on the page and as a file. */
export interface AblationFigure {
  /** Also the file's name. */
  readonly id: string;
  readonly title: string;
  /** What it shows and how, for whoever sees it without the page around it. */
  readonly caption: string;
  /** What can be said of it, in words; "" before there is anything. */
  readonly conclusion: string;
  readonly axisLabel: string;
  /** "kNN accuracy". */
  readonly measure: string;
  readonly xKind: XKind;
  /** All values of the ablation in the axis' order, those without a result yet included. */
  readonly values: readonly AblationValue[];
  /** What stands below the axis for each. */
  readonly ticks: readonly string[];
  readonly points: readonly AblationPoint[];
  /** Something else that was measured at each value. */
  readonly comparison: ChartCurve | null;
  /** Level lines to compare with, as measured. */
  readonly references: readonly ChartReference[];
  readonly yRange: { readonly from: number; readonly to: number } | null;
  readonly format: (y: number) => string;
}

interface ChartCurve {
  readonly label: string;
  readonly colour: SeriesColour;
  readonly points: readonly { readonly value: AblationValue; readonly y: number }[];
}

/** The figures of an ablation, the one that says most first: the loss, where accuracies differ by chance only. */
export function ablationFigures(
  design: AblationDesign,
  config: Config | null,
  queue: readonly AblationJob[],
): readonly AblationFigure[] {
  const { axis } = design;
  const jobs = jobsByValue(design, queue);
  const isNested = axis === "nestedDim";
  const references = referencesOf(jobs);
  const xKind = axisScale(axis);
  const values = orderedValues(design);
  const shared = {
    axisLabel: `${axisLabel(axis)}${xKind === "log" ? " (log₂)" : ""}`,
    xKind,
    values,
    ticks: values.map((value) => valueTick(axis, value)),
  };
  const label = lowerFirst(axisLabel(axis));
  const seeds = `${design.seeds.length} ${design.seeds.length === 1 ? "seed" : "seeds"} of ${design.steps} steps each`;
  const how =
    design.seeds.length === 1
      ? `${seeds}; with one seed there are no intervals.`
      : `${seeds}; rings are single runs, dots their means, bars 95 % bootstrap intervals of the mean, which are narrower than the truth with so few.`;
  const baseline = summariseValue(jobs, null, "knn");
  const lines = [
    { label: "Teacher", colour: "orange", y: references.teacherKnn },
    { label: "Without a teacher", colour: "purple", y: baseline?.mean ?? null },
    { label: "Untrained", colour: "ink", y: references.untrainedKnn },
  ] as const;
  const knnPoints = summarise(design, jobs, "knn");
  const knn: AblationFigure = {
    id: "ablation-knn",
    ...shared,
    title: "kNN accuracy at the end",
    measure: measures.knn.name,
    caption: `kNN accuracy of ${isNested ? "the student's embedding, cut to its first dimensions," : "the student's features"} on the same held-out images, by ${label}: ${how} ${isNested ? "Beside it the first directions of the teacher's embedding (PCA). " : ""}${describePublished(axis)}`,
    conclusion: [
      conclude(design, knnPoints, measures.knn),
      isNested ? "" : compareWithBaseline(knnPoints, baseline, measures.knn),
    ]
      .join(" ")
      .trim(),
    points: knnPoints,
    comparison: isNested ? teacherPrefixes(values, queue) : null,
    // Those are of features, which the prefixes of an embedding are not.
    references: (isNested ? [] : lines).flatMap(({ y, ...line }): ChartReference[] =>
      y === null ? [] : [{ ...line, y }],
    ),
    yRange: { from: 0, to: 1 },
    format: (y) => `${Number((y * 100).toFixed(1))} %`,
  };
  if (config === null || !measuresLoss(design, config)) return [knn];
  const lossPoints = summarise(design, jobs, "distillation");
  const { comparesLoss, note } = ablationAxes[axis];
  const distillation: AblationFigure = {
    id: "ablation-distillation",
    ...shared,
    title: "Distillation loss, last tenth",
    measure: measures.distillation.name,
    caption: `Squared distance of the student's to the teacher's unit embeddings over both views, mean of the last tenth of the run (0 = equal, 8 at most), by ${label}: ${how} The axis shows the range of the values and need not begin at 0.`,
    conclusion: comparesLoss ? conclude(design, lossPoints, measures.distillation) : note,
    points: lossPoints,
    comparison: null,
    references: [],
    yRange: null,
    format: measures.distillation.format,
  };
  return leadsWithLoss(design, knnPoints, lossPoints) ? [distillation, knn] : [knn, distillation];
}

/** The teacher's embedding cut to the same lengths; it is the same for every seed, so what one run measured holds. */
function teacherPrefixes(values: readonly AblationValue[], queue: readonly AblationJob[]): ChartCurve | null {
  const scores = queue.find(({ result }) => result?.baseline?.teacherPrefixes)?.result?.baseline
    ?.teacherPrefixes;
  if (!scores) return null;
  const points = values.flatMap((value) => {
    const score = scores.find(({ dims }) => dims === value);
    return score === undefined ? [] : [{ value, y: score.knn }];
  });
  return { label: "Teacher's PCA", colour: "orange", points };
}

/** Whether every run of the axis has a teacher to be close to. */
function measuresLoss(design: AblationDesign, config: Config): boolean {
  if (design.axis === "method" || design.axis === "nestedDim") return false;
  const [value = null] = design.values;
  return methods[jobConfig(config, design, { value, seed: 0 }).method].usesTeacher;
}

function lowerFirst(label: string): string {
  return label.charAt(0).toLowerCase() + label.slice(1);
}
