import { metricLogOf } from "../metrics/metricArchive.ts";
import { LiveCurves, type XRange } from "../plots/liveCurves.ts";
import type { RunData } from "../plots/chartData.ts";
import type { XUnit } from "../stores/plotStore.ts";
import type { RunRecord } from "../stores/runHistory.ts";
import { meanCurve, type Curve } from "./curves.ts";
import type { RunMeasure } from "./runMeasures.ts";

/** Ten runs share a chart: fewer points of each are enough. */
const bucketsEach = 256;

/** A run that is drawn, and the place of its colour. */
export interface ColouredRun {
  readonly run: RunRecord;
  readonly slot: number;
  /** What tells it from the others that are drawn. */
  readonly name: string;
  /** The same with all in which they differ. */
  readonly whole: string;
}

/** A group of runs that are drawn, in the colour of its first. */
export interface ColouredGroup {
  readonly label: string;
  readonly slot: number;
  readonly runs: readonly RunRecord[];
}

/** A curve of a chart of several runs. */
export interface OverlayCurve extends Curve {
  readonly label: string;
  readonly slot: number;
  /** A run, or the mean of a group. */
  readonly kind: "run" | "mean";
  /** Few values, drawn with dots. */
  readonly sparse: boolean;
}

/** What one chart draws of several runs that are over. Rows are thinned once for each part of x that is looked at. */
export class OverlayCurves {
  readonly #measure: RunMeasure;
  readonly #smoothing: number;
  readonly #curves = new Map<string, LiveCurves>();

  /** @param smoothing weight of the moving average; 0 = none. */
  constructor(measure: RunMeasure, smoothing: number) {
    this.#measure = measure;
    this.#smoothing = smoothing;
  }

  /** Runs first, then the means of groups of at least two. */
  read(
    runs: readonly ColouredRun[],
    groups: readonly ColouredGroup[],
    unit: XUnit,
    zoom: XRange | null,
  ): readonly OverlayCurve[] {
    const byRun = new Map(runs.map((one) => [one.run.runId, this.#readRun(one, unit, zoom)]));
    const means = groups.flatMap(({ label, slot, runs: alike }): OverlayCurve[] => {
      const curves = alike.flatMap(({ runId }) => byRun.get(runId) ?? []).filter(({ x }) => x.length > 0);
      if (curves.length < 2) return [];
      const { sparse } = curves[0]!;
      return [{ label: `mean, ${label}`, slot, kind: "mean", sparse, ...meanCurve(curves) }];
    });
    return [...byRun.values(), ...means];
  }

  #readRun({ run, slot, name }: ColouredRun, unit: XUnit, zoom: XRange | null): OverlayCurve {
    let curves = this.#curves.get(run.runId);
    if (curves === undefined) {
      curves = new LiveCurves(this.#measure.spec, this.#smoothing, bucketsEach);
      this.#curves.set(run.runId, curves);
    }
    const { data, smoothed } = curves.read(dataOf(run), unit, zoom);
    const { x, y, sparse, label } = data.series[0]!;
    return { label: name, slot, kind: "run", sparse, x, y: x.length === 0 ? [] : (smoothed.get(label) ?? y) };
  }
}

function dataOf({ runId, evaluations, baseline, plan }: RunRecord): RunData {
  return {
    log: metricLogOf(runId),
    evaluations,
    baseline,
    stepsPerEpoch: plan?.stepsPerEpoch ?? 0,
    batchSize: plan?.config.batchSize ?? 0,
    totalSteps: plan?.totalSteps ?? 0,
    teacherless: null,
  };
}
