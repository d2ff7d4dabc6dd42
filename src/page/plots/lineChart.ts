import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { yRangeOf } from "./chartAxes.ts";
import type { ChartData, ChartSpec, SeriesColour } from "./chartData.ts";
import { align } from "./chartData.ts";
import type { DrawnCurves, XRange } from "./liveCurves.ts";
import {
  axesOf,
  drawCrosses,
  gapped,
  scaled,
  syncedCursor,
  tellZoom,
  valueUnderCursor,
} from "./plotParts.ts";
import type { PlotTheme } from "./plotTheme.ts";
import { seriesDash } from "./plotTheme.ts";

export interface LineChartOptions {
  readonly spec: ChartSpec;
  readonly theme: PlotTheme;
  readonly logY: boolean;
  /** x counts whole things, so ticks are whole numbers. */
  readonly wholeX: boolean;
  /** Weight of the moving average drawn over the pale raw curve; 0 = the raw curve alone. */
  readonly smoothing: number;
  /** Charts with the same key move their cursors together. */
  readonly syncKey: string;
  /** The visitor dragged across a part of x, or double-clicked to see all of it. */
  readonly onZoom: (range: XRange | null) => void;
  /** Called with the index into the drawn data under the cursor, and with the newest when it leaves. */
  readonly onValues: (values: ReadonlyMap<string, number>, x: number | null) => void;
}

export interface LineChart {
  /** @param zoom the part of x to show; null = all. */
  setData(drawn: DrawnCurves, zoom: XRange | null): void;
  setSize(width: number, height: number): void;
  /** Series of these labels are not drawn. */
  setHidden(labels: readonly string[]): void;
  readonly canvas: HTMLCanvasElement;
  destroy(): void;
}

/** One curve on the canvas: a spec's series may take two, pale raw values and the smooth line over them. */
interface Curve {
  readonly label: string;
  readonly role: "raw" | "line" | "sparse";
}

/**
 * A line chart on uPlot. It never smooths away a value that is not finite: those are marked with a cross at the top.
 */
export function createLineChart(host: HTMLElement, options: LineChartOptions): LineChart {
  const { spec, theme, logY } = options;
  const smoothing = spec.smoothed ? options.smoothing : 0;
  const curves: Curve[] = spec.series.flatMap(({ label, from }): Curve[] => {
    if ("evaluation" in from) return [{ label, role: "sparse" }];
    return smoothing > 0
      ? [
          { label, role: "raw" },
          { label, role: "line" },
        ]
      : [{ label, role: "line" }];
  });
  const colourOf = (label: string): SeriesColour =>
    spec.series.find((series) => series.label === label)?.colour ?? "ink";

  let data: ChartData = { xEnd: 0, series: [], references: [] };
  let notFinite: readonly number[] = [];
  let zoom: XRange | null = null;

  const plot = new uPlot(
    {
      width: 300,
      height: 150,
      legend: { show: false },
      padding: [10, 18, 0, 0],
      cursor: syncedCursor(options.syncKey, 7),
      scales: {
        x: { time: false, range: () => (zoom === null ? [0, data.xEnd || 1] : [zoom.from, zoom.to]) },
        // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- uPlot's enum has no run-time values
        y: { distr: logY ? 3 : 1, range: (_, min, max) => yRange(min, max) },
      },
      axes: axesOf(spec, theme, { logX: false, logY, wholeX: options.wholeX }),
      series: [
        {},
        ...curves.map(({ label, role }): uPlot.Series => {
          const colour = colourOf(label);
          return {
            label,
            stroke: role === "raw" ? `${theme.series[colour]}40` : theme.series[colour],
            width: role === "raw" ? 1 : 1.75,
            dash: role === "raw" ? [] : [...seriesDash[colour]],
            points: { show: role === "sparse", size: 6, fill: theme.series[colour] },
            spanGaps: role === "sparse",
          };
        }),
      ],
      hooks: {
        draw: [drawReferences, (u) => drawCrosses(u, notFinite, theme.danger)],
        setCursor: [tellValues],
        setSelect: [(u) => tellZoom(u, options.onZoom)],
      },
    },
    [[], ...curves.map(() => [])],
    host,
  );
  plot.over.addEventListener("dblclick", () => options.onZoom(null));

  function yRange(min: number | null, max: number | null): [number, number] {
    const shown = data.references.map(({ y }) => y).filter((y) => !logY || y > 0);
    return yRangeOf(spec, Math.min(min ?? Infinity, ...shown), Math.max(max ?? -Infinity, ...shown), logY);
  }

  function drawReferences(u: uPlot): void {
    const { ctx, bbox } = u;
    ctx.save();
    for (const { colour, y } of data.references) {
      const at = u.valToPos(y, "y", true);
      if (!Number.isFinite(at)) continue;
      ctx.strokeStyle = theme.series[colour];
      ctx.lineWidth = 1.25 * devicePixelRatio;
      ctx.setLineDash((seriesDash[colour].length > 0 ? seriesDash[colour] : [6, 4]).map(scaled));
      ctx.beginPath();
      ctx.moveTo(bbox.left, at);
      ctx.lineTo(bbox.left + bbox.width, at);
      ctx.stroke();
    }
    ctx.restore();
  }

  function tellValues(u: uPlot): void {
    const values = new Map(data.references.map(({ label, y }) => [label, y]));
    curves.forEach(({ label, role }, index) => {
      const value = role === "raw" ? null : valueUnderCursor(u, index + 1);
      if (value !== null) values.set(label, value);
    });
    const under = u.cursor.idx ?? null;
    options.onValues(values, under === null ? null : (u.data[0][under] ?? null));
  }

  function setData(drawn: DrawnCurves, nextZoom: XRange | null): void {
    data = drawn.data;
    zoom = nextZoom;
    const points = toPoints(drawn, curves);
    notFinite = points.notFinite;
    plot.setData(points.aligned);
    tellValues(plot);
  }

  return {
    setData,
    setSize: (width, height) => plot.setSize({ width, height }),
    setHidden(labels) {
      curves.forEach(({ label }, index) => {
        const show = !labels.includes(label);
        if (plot.series[index + 1]!.show !== show) plot.setSeries(index + 1, { show });
      });
    },
    canvas: plot.ctx.canvas,
    destroy: () => plot.destroy(),
  };
}

/** All curves on one x, what is not finite as a gap and a mark. */
function toPoints(
  { data, smoothed }: DrawnCurves,
  curves: readonly Curve[],
): { aligned: uPlot.AlignedData; notFinite: readonly number[] } {
  const marks = new Set<number>();
  for (const { x, y, sparse } of data.series) {
    if (sparse) continue;
    for (let i = 0; i < y.length; i++) if (!Number.isFinite(y[i])) marks.add(x[i]!);
  }
  const { x, columns } = align(
    curves.map(({ label, role }) => {
      const series = data.series.find((candidate) => candidate.label === label);
      if (series === undefined || series.x.length === 0) return { x: [], y: [] };
      return { x: series.x, y: role === "line" ? (smoothed.get(label) ?? series.y) : series.y };
    }),
  );
  return { aligned: [[...x], ...gapped(columns)], notFinite: [...marks] };
}
