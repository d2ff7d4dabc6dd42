import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { yRangeOf } from "../plots/chartAxes.ts";
import { align } from "../plots/chartData.ts";
import type { XRange } from "../plots/liveCurves.ts";
import { axesOf, drawCrosses, gapped, syncedCursor, tellZoom, valueUnderCursor } from "../plots/plotParts.ts";
import { runDash, type PlotTheme } from "../plots/plotTheme.ts";
import type { OverlayCurve } from "./overlayCurves.ts";
import type { RunMeasure } from "./runMeasures.ts";

/** All charts of several runs move their cursors together. */
const syncKey = "runs";

interface OverlayPlotOptions {
  readonly measure: RunMeasure;
  readonly theme: PlotTheme;
  readonly logX: boolean;
  readonly logY: boolean;
  /** x counts whole things, so ticks are whole numbers. */
  readonly wholeX: boolean;
  /** What the curves of the first `setData` are like; later ones have as many. */
  readonly curves: readonly OverlayCurve[];
  /** The visitor dragged across a part of x, or double-clicked to see all of it. */
  readonly onZoom: (range: XRange | null) => void;
  /** Each curve's value under the cursor, or its last; null where it has none. */
  readonly onValues: (values: readonly (number | null)[]) => void;
}

interface OverlayPlot {
  /** @param zoom the part of x to show; null = all. */
  setData(curves: readonly OverlayCurve[], zoom: XRange | null): void;
  setSize(width: number, height: number): void;
  destroy(): void;
}

/** Several runs on one chart, on uPlot: a thin line for a run, a thick one for a mean, a cross for what is not finite. */
export function createOverlayPlot(host: HTMLElement, options: OverlayPlotOptions): OverlayPlot {
  const { measure, theme, logX, logY, curves } = options;
  const { spec } = measure;
  let drawn = curves;
  let zoom: XRange | null = null;

  const plot = new uPlot(
    {
      width: 300,
      height: 150,
      legend: { show: false },
      padding: [10, 18, 0, 0],
      cursor: syncedCursor(syncKey, 6),
      scales: {
        // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- uPlot's enum has no run-time values
        x: { time: false, distr: logX ? 3 : 1, range: xRange },
        y: {
          // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- as above
          distr: logY ? 3 : 1,
          range: (_, min: number | null, max: number | null) =>
            yRangeOf(spec, min ?? Infinity, max ?? -Infinity, logY),
        },
      },
      axes: axesOf(spec, theme, { logX, logY, wholeX: options.wholeX }),
      series: [
        {},
        ...curves.map(({ slot, kind, sparse }): uPlot.Series => ({
          stroke: theme.runs[slot] ?? theme.text,
          width: kind === "mean" ? 3.5 : 1.25,
          dash: kind === "mean" ? [] : [...(runDash[slot] ?? [])],
          points: { show: sparse, size: kind === "mean" ? 7 : 5, fill: theme.runs[slot] ?? theme.text },
          spanGaps: sparse, // what is not finite is a gap
        })),
      ],
      hooks: {
        draw: [drawNotFinite],
        setCursor: [tellValues],
        setSelect: [(u) => tellZoom(u, options.onZoom)],
      },
    },
    [[], ...curves.map(() => [])],
    host,
  );
  plot.over.addEventListener("dblclick", () => options.onZoom(null));

  /** All of it, and no less: what x reaches in any of the runs. */
  function xRange(): [number, number] {
    if (zoom !== null && !(logX && zoom.from <= 0)) return [zoom.from, zoom.to];
    let low = Infinity;
    let high = -Infinity;
    for (const { x } of drawn)
      for (let i = 0; i < x.length; i++) {
        const at = x[i]!;
        if (logX && at <= 0) continue;
        low = Math.min(low, at);
        high = Math.max(high, at);
      }
    if (low > high) return logX ? [1, 10] : [0, 1];
    if (logX) return [low, high > low ? high : low * 10];
    return [Math.min(0, low), high > 0 ? high : 1];
  }

  function drawNotFinite(u: uPlot): void {
    for (const { x, y, slot } of drawn)
      drawCrosses(
        u,
        Array.from(x).filter((_, i) => !Number.isFinite(y[i])),
        theme.runs[slot] ?? theme.danger,
      );
  }

  function tellValues(u: uPlot): void {
    options.onValues(curves.map((_, index) => valueUnderCursor(u, index + 1)));
  }

  return {
    setData(next, nextZoom) {
      drawn = next;
      zoom = nextZoom;
      const { x, columns } = align(next.map((curve) => placed(curve, logX, logY)));
      plot.setData([[...x], ...gapped(columns)]);
      tellValues(plot);
    },
    setSize: (width, height) => plot.setSize({ width, height }),
    destroy: () => plot.destroy(),
  };
}

/** Without the points that the axes have no place for; the page says how many those are. */
function placed({ x, y }: OverlayCurve, logX: boolean, logY: boolean) {
  if (!logX && !logY) return { x, y };
  const kept = Array.from(x, (_, i) => i).filter((i) => !(logX && x[i]! <= 0) && !(logY && y[i]! <= 0));
  return { x: kept.map((i) => x[i]!), y: kept.map((i) => y[i]!) };
}
