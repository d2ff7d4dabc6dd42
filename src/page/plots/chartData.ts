import type { Evaluation, EvaluationBaseline, MetricName } from "../../contract/metrics.ts";
import type { ChartId, XUnit } from "../stores/plotStore.ts";
import type { MetricLog } from "../metrics/metricLog.ts";
import { rowsUpTo } from "../metrics/metricLog.ts";
import { describeTeacherless, type Teacherless } from "./teacherless.ts";

/** The colours of `tokens.css`, by what they stand for. Each has its dash pattern, see `plotTheme.ts`. */
export type SeriesColour = "ink" | "blue" | "orange" | "green" | "purple";

interface SeriesSpec {
  readonly label: string;
  readonly colour: SeriesColour;
  /** One value per step, or one per evaluation. */
  readonly from: { readonly metric: MetricName } | { readonly evaluation: "knn" | "cosine" | "overlap" };
  /** A part of the loss that not every method has; the engine sends zeros for one that is not there. */
  readonly maybeAbsent?: true;
}

interface ReferenceSpec {
  readonly label: string;
  readonly colour: SeriesColour;
  readonly from: "teacherKnn" | "untrainedKnn" | "untrainedOverlap" | "chance" | "teacherless";
}

/** What a chart shows; its data come from `collect`. */
export interface ChartSpec {
  readonly id: ChartId;
  /** The question it answers. */
  readonly title: string;
  /** What it shows, in the field's word. */
  readonly term: string;
  /** What the numbers mean, in a sentence. */
  readonly meaning: string;
  readonly series: readonly SeriesSpec[];
  readonly references: readonly ReferenceSpec[];
  readonly format: (value: number) => string;
  /** Noisy enough for a moving average to help. */
  readonly smoothed: boolean;
  /** Ticks of the y axis: bare numbers, or written as values are ("20 %"). */
  readonly yTick: "bare" | "asValue";
  /** y always reaches from … to …; null = follows the data. */
  readonly yFrom: number | null;
  readonly yTo: number | null;
}

const plain = (value: number): string =>
  value !== 0 && (Math.abs(value) < 0.001 || Math.abs(value) >= 1e5)
    ? value.toExponential(2)
    : value
        .toPrecision(4)
        .replace(/(\.\d*?)0+$/, "$1")
        .replace(/\.$/, "");
const percent = (value: number): string => `${Number((value * 100).toFixed(1))} %`;

export const chartSpecs: readonly ChartSpec[] = [
  {
    id: "losses",
    title: "What is being minimised?",
    term: "Losses",
    meaning:
      "Contrastive: InfoNCE, how well a view is told from other images; with a queue it rises at first, because the queue begins with random keys, which are easily told apart, and real ones take their places. Distillation: squared distance to the teacher's unit embedding over both views, from 0 (equal) to 8. Total: as optimised, weights included.",
    series: [
      { label: "Total", colour: "blue", from: { metric: "loss" } },
      { label: "Contrastive", colour: "green", from: { metric: "contrastive" }, maybeAbsent: true },
      { label: "Distillation", colour: "orange", from: { metric: "distillation" }, maybeAbsent: true },
    ],
    references: [],
    format: plain,
    smoothed: true,
    yTick: "bare",
    yFrom: 0,
    yTo: null,
  },
  {
    id: "knn",
    title: "How well does it sort pictures?",
    term: "kNN accuracy",
    meaning:
      "kNN is “k nearest neighbours”: the k training images most like a held-out one, by the features alone, vote on its class; k is 20 for small sets and 200 from 10 000 images on, unless set. Needs labels (sub-folders); they are never used in training. “Without a teacher” is the same student's accuracy after as many steps on the same pictures, by a method that has none.",
    series: [{ label: "Student", colour: "blue", from: { evaluation: "knn" } }],
    references: [
      { label: "Teacher", colour: "orange", from: "teacherKnn" },
      { label: "Without a teacher", colour: "purple", from: "teacherless" },
      { label: "Untrained student", colour: "green", from: "untrainedKnn" },
      { label: "Chance", colour: "ink", from: "chance" },
    ],
    format: percent,
    smoothed: false,
    yTick: "asValue",
    yFrom: 0,
    yTo: 1,
  },
  {
    id: "overlap",
    title: "Does it find the teacher’s neighbours?",
    term: "Neighbour overlap",
    meaning:
      "Of each held-out picture's ten nearest others by the student, the share that is among the teacher's ten nearest. Needs a teacher, and no labels.",
    series: [{ label: "Student", colour: "blue", from: { evaluation: "overlap" } }],
    references: [{ label: "Untrained student", colour: "green", from: "untrainedOverlap" }],
    format: percent,
    smoothed: false,
    yTick: "asValue",
    yFrom: 0,
    yTo: 1,
  },
  {
    id: "cosine",
    title: "How close is it to the teacher?",
    term: "Cosine",
    meaning: "How alike student and teacher embed the same view: 1 = the same direction, 0 = unrelated.",
    series: [
      { label: "Training", colour: "blue", from: { metric: "cosine" }, maybeAbsent: true },
      { label: "Held out", colour: "orange", from: { evaluation: "cosine" } },
    ],
    references: [],
    format: plain,
    smoothed: true,
    yTick: "bare",
    yFrom: null,
    yTo: null,
  },
  {
    id: "learningRate",
    title: "How large are its steps?",
    term: "Learning rate",
    meaning: "The step size that was really used, after the schedule.",
    series: [{ label: "Learning rate", colour: "blue", from: { metric: "learningRate" } }],
    references: [],
    format: plain,
    smoothed: false,
    yTick: "bare",
    yFrom: 0,
    yTo: null,
  },
  {
    id: "throughput",
    title: "How fast does it learn?",
    term: "Images per second",
    meaning: "Training images taken in per second, evaluation and pauses excluded.",
    series: [{ label: "Images/s", colour: "blue", from: { metric: "imagesPerSecond" } }],
    references: [],
    format: plain,
    smoothed: true,
    yTick: "bare",
    yFrom: 0,
    yTo: null,
  },
];

/** What is known of a run when it is drawn. */
export interface RunData {
  readonly log: MetricLog;
  readonly evaluations: readonly Evaluation[];
  readonly baseline: EvaluationBaseline | null;
  /** 0 before the plan is known. */
  readonly stepsPerEpoch: number;
  /** As fitted to the set; 0 before the plan is known. */
  readonly batchSize: number;
  /** As planned: x reaches as far from the first step on. */
  readonly totalSteps: number;
  /** What the same student reached without a teacher, where that was measured. */
  readonly teacherless: Teacherless | null;
}

interface ChartSeries {
  readonly label: string;
  readonly colour: SeriesColour;
  /** One per value, in the unit asked for; rising. */
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  /** One value per evaluation: few, drawn with dots and never smoothed. */
  readonly sparse: boolean;
}

export interface ChartReference {
  readonly label: string;
  readonly colour: SeriesColour;
  readonly y: number;
  /** Where it comes from, if that is not plain: "mean of 5 runs measured beforehand". */
  readonly note?: string;
}

export interface ChartData {
  /** Where the run will end, in the unit of x: all charts reach as far from the start, so that no axis moves. */
  readonly xEnd: number;
  readonly series: readonly ChartSeries[];
  readonly references: readonly ChartReference[];
}

/**
 * Every value of a chart, x in the unit asked for. A part of the loss that is zero in all of them makes no curve.
 *
 * @param rows of the log, where not all are wanted.
 */
export function collect(spec: ChartSpec, run: RunData, unit: XUnit, rows?: Int32Array): ChartData {
  let denseX: ArrayLike<number> | null = null;
  const series = spec.series.map(({ label, colour, from, maybeAbsent }): ChartSeries => {
    if ("metric" in from) {
      const y = pick(run.log.column(from.metric), rows);
      if (maybeAbsent === true && y.every((value) => value === 0))
        return { label, colour, x: [], y: [], sparse: false };
      denseX ??= xOfRows(run, unit, rows);
      return { label, colour, x: denseX, y, sparse: false };
    }
    const judged = run.evaluations.filter((evaluation) => evaluation[from.evaluation] !== null);
    return {
      label,
      colour,
      x: judged.map(({ step }) => xOfStep(run, step, unit)),
      y: judged.map((evaluation) => evaluation[from.evaluation] ?? Number.NaN),
      sparse: true,
    };
  });
  const references = referencesOf(spec, run);
  return { xEnd: plannedEnd(run, unit), series, references };
}

/** Rounded up where it can only be estimated, so that it rarely changes. */
function plannedEnd(run: RunData, unit: XUnit): number {
  const lastStep = Math.max(run.log.column("step").at(-1) ?? 0, run.evaluations.at(-1)?.step ?? 0);
  const end = Math.max(run.totalSteps, lastStep);
  if (unit !== "seconds") return stepAs(run, end, unit);
  const seconds = xOfStep(run, lastStep, unit);
  if (lastStep < 10 || lastStep >= run.totalSteps) return Math.max(10, seconds);
  return Math.ceil((seconds * end) / lastStep / 10) * 10;
}

/** The lines to compare with, as far as they are known. */
export function referencesOf(
  spec: ChartSpec,
  { baseline, teacherless }: Pick<RunData, "baseline" | "teacherless">,
): ChartReference[] {
  return spec.references.flatMap(({ label, colour, from }): ChartReference[] => {
    if (from === "teacherless")
      return teacherless === null
        ? []
        : [{ label, colour, y: teacherless.knn, note: describeTeacherless(teacherless) }];
    const y = baseline?.[from] ?? null;
    return y === null ? [] : [{ label, colour, y }];
  });
}

/** "66.6 % (mean of 5 runs measured beforehand)" */
export function readReference({ format }: ChartSpec, { y, note }: ChartReference): string {
  return note === undefined ? format(y) : `${format(y)} (${note})`;
}

/** What `row` of the log counts as, in the unit asked for. */
export function xOfRow(run: RunData, row: number, unit: XUnit): number {
  if (unit === "seconds") return run.log.column("elapsedMs")[row]! / 1000;
  return stepAs(run, run.log.column("step")[row]!, unit);
}

function xOfRows(run: RunData, unit: XUnit, rows: Int32Array | undefined): ArrayLike<number> {
  if (unit === "seconds")
    return Float64Array.from(pick(run.log.column("elapsedMs"), rows), (ms) => ms / 1000);
  const steps = pick(run.log.column("step"), rows);
  return unit === "step" ? steps : Float64Array.from(steps, (step) => stepAs(run, step, unit));
}

function xOfStep(run: RunData, step: number, unit: XUnit): number {
  if (unit !== "seconds") return stepAs(run, step, unit);
  const rows = rowsUpTo(run.log, step);
  return rows === 0 ? 0 : xOfRow(run, rows - 1, unit);
}

function stepAs(run: RunData, step: number, unit: Exclude<XUnit, "seconds">): number {
  if (unit === "images") return step * run.batchSize;
  return unit === "step" ? step : step / Math.max(1, run.stepsPerEpoch);
}

function pick(column: Float32Array, rows: Int32Array | undefined): Float32Array {
  if (rows === undefined) return column;
  const picked = new Float32Array(rows.length);
  for (let i = 0; i < rows.length; i++) picked[i] = column[rows[i]!]!;
  return picked;
}

/** All x values of a chart once, rising, and every series' value there; `undefined` where it has none. */
export interface AlignedSeries {
  readonly x: readonly number[];
  readonly columns: readonly (readonly (number | undefined)[])[];
}

interface XYSeries {
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
}

/** Puts series with x values of their own on one common x, as a table or a plot wants them. */
export function align(series: readonly XYSeries[]): AlignedSeries {
  const x: number[] = [];
  const columns = series.map((): (number | undefined)[] => []);
  for (const row of alignedRows(series)) {
    x.push(row.x);
    row.values.forEach((value, c) => columns[c]!.push(value));
  }
  return { x, columns };
}

/** The same row by row, made when asked for. Values of one series at the same x come one after the other. */
export function* alignedRows(
  series: readonly XYSeries[],
): Generator<{ readonly x: number; readonly values: readonly (number | undefined)[] }, void> {
  const next = series.map(() => 0);
  for (;;) {
    let x = Infinity;
    series.forEach((one, c) => (x = Math.min(x, one.x[next[c]!] ?? Infinity)));
    if (x === Infinity) return;
    yield { x, values: series.map((one, c) => (one.x[next[c]!] === x ? one.y[next[c]!++] : undefined)) };
  }
}
