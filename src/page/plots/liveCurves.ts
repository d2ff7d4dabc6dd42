import type { XUnit } from "../stores/plotStore.ts";
import type { ChartData, ChartSpec, RunData } from "./chartData.ts";
import { collect, xOfRow } from "./chartData.ts";
import type { MetricLog } from "../metrics/metricLog.ts";
import { firstRow } from "../metrics/metricLog.ts";
import { RowThinner } from "./rowThinner.ts";
import { MovingAverage } from "./smoothing.ts";

/** A chart is some hundred pixels wide. */
const usualBuckets = 512;

export interface DrawnCurves {
  /** As few values as a drawing needs. */
  readonly data: ChartData;
  /** By label, where something is smoothed: as long as the series in `data`. */
  readonly smoothed: ReadonlyMap<string, Float64Array>;
}

/** The part of x in sight, in its unit. */
export interface XRange {
  readonly from: number;
  readonly to: number;
}

/** Rows of a log that are thinned together: those in sight. */
interface Sight {
  readonly log: MetricLog;
  readonly unit: XUnit;
  readonly zoom: XRange | null;
  /** The first row, one outside of what is in sight, so that curves reach the edge. */
  readonly first: number;
  readonly thinner: RowThinner;
}

/**
 * What one chart draws of a run that goes on, brought up to date at a cost that does not grow with the run. A part that
 * is zoomed into is thinned by itself, so that it shows all there is to see.
 */
export class LiveCurves {
  readonly #spec: ChartSpec;
  readonly #smoothing: number;
  readonly #mostBuckets: number;
  #sight: Sight | null = null;
  #averages: ReadonlyMap<string, MovingAverage> = new Map();

  /**
   * @param smoothing weight of the moving average; 0 = none.
   * @param mostBuckets how finely curves are drawn: rows are thinned into so many buckets at most.
   */
  constructor(spec: ChartSpec, smoothing: number, mostBuckets = usualBuckets) {
    this.#mostBuckets = mostBuckets;
    this.#spec = spec;
    this.#smoothing = spec.smoothed ? smoothing : 0;
  }

  read(run: RunData, unit: XUnit, zoom: XRange | null): DrawnCurves {
    const curves = this.#spec.series.flatMap(({ label, from }) =>
      "metric" in from ? [{ label, column: run.log.column(from.metric) }] : [],
    );
    if (run.log !== this.#sight?.log) {
      const smoothed = this.#smoothing > 0 ? curves : [];
      this.#averages = new Map(smoothed.map(({ label }) => [label, new MovingAverage(this.#smoothing)]));
    }
    const { first, thinner } = this.#look(run, unit, zoom, curves.length);
    const past = zoom === null ? run.log.length : rowBeyond(run, unit, zoom.to);
    const inSight = thinner.update(
      curves.map(({ column }) => column.subarray(first)),
      Math.max(0, past - first),
    );
    const newest = run.log.length - 1; // its values are told beside the chart
    const rows = new Int32Array(inSight.length + (past <= newest ? 1 : 0)).fill(newest);
    for (let i = 0; i < inSight.length; i++) rows[i] = first + inSight[i]!;
    const smoothed = new Map<string, Float64Array>();
    for (const { label, column } of curves) {
      const values = this.#averages.get(label)?.update(column);
      if (values === undefined) continue;
      const picked = new Float64Array(rows.length);
      for (let i = 0; i < rows.length; i++) picked[i] = values[rows[i]!]!;
      smoothed.set(label, picked);
    }
    return { data: collect(this.#spec, run, unit, rows), smoothed };
  }

  /** The rows in sight, looked for anew when the log, the unit or the zoom is another. */
  #look(run: RunData, unit: XUnit, zoom: XRange | null, columns: number): Sight {
    const { log } = run;
    const last = this.#sight;
    if (last?.log === log && last.unit === unit && last.zoom === zoom) return last;
    const inSight = zoom === null ? 0 : firstRow(log, (row) => xOfRow(run, row, unit) >= zoom.from);
    const first = Math.max(0, inSight - 1);
    this.#sight = { log, unit, zoom, first, thinner: new RowThinner(columns, this.#mostBuckets) };
    return this.#sight;
  }
}

/** One past the first row whose x is `to` or more. */
function rowBeyond(run: RunData, unit: XUnit, to: number): number {
  return Math.min(run.log.length, firstRow(run.log, (row) => xOfRow(run, row, unit) >= to) + 1);
}
