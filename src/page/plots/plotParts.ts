/** What charts on uPlot have in common, of one run or of several. */
import type uPlot from "uplot";
import { axis, isRound, tickLabel, wholeSteps } from "./chartAxes.ts";
import type { ChartSpec } from "./chartData.ts";
import type { XRange } from "./liveCurves.ts";
import type { PlotTheme } from "./plotTheme.ts";

/** Charts with the same key move their cursors together; zooming they are told of by whoever holds them. */
export function syncedCursor(key: string, pointSize: number): uPlot.Cursor {
  return {
    sync: {
      key,
      setSeries: false,
      filters: { pub: (type) => type === "mousemove" || type === "mouseleave", sub: () => true },
    },
    drag: { x: true, y: false, setScale: false },
    points: { size: pointSize, width: 2 },
  };
}

interface AxesKind {
  readonly logX: boolean;
  readonly logY: boolean;
  /** x counts whole things, so ticks are whole numbers. */
  readonly wholeX: boolean;
}

/** Both axes of a chart. */
export function axesOf(
  { yTick, format }: Pick<ChartSpec, "yTick" | "format">,
  theme: PlotTheme,
  { logX, logY, wholeX }: AxesKind,
): uPlot.Axis[] {
  return [
    {
      ...axis(theme),
      size: 28,
      space: 60,
      ...ticksOf("x", logX, theme, tickLabel),
      ...(wholeX && !logX ? { incrs: wholeSteps } : {}),
    },
    {
      ...axis(theme),
      size: 52,
      space: 32,
      ...ticksOf("y", logY, theme, yTick === "asValue" ? format : tickLabel),
    },
  ];
}

/**
 * Labels and grid of an axis; of a logarithmic one at round numbers alone.
 *
 * @param label of a tick.
 */
function ticksOf(
  scale: "x" | "y",
  isLog: boolean,
  theme: PlotTheme,
  label: (tick: number) => string,
): Partial<uPlot.Axis> {
  const isShown = (u: uPlot, tick: number | null): tick is number => {
    if (tick === null || !isLog) return tick !== null; // uPlot leaves out ticks that crowd, against its types
    const { min, max } = u.scales[scale] ?? {};
    return isRound(tick, (max ?? 1) / (min ?? 1));
  };
  return {
    values: (u, ticks: (number | null)[]) => ticks.map((tick) => (isShown(u, tick) ? label(tick) : "")),
    ...(isLog
      ? {
          grid: {
            ...axis(theme).grid,
            filter: (u: uPlot, ticks: (number | null)[]) =>
              ticks.map((tick) => (isShown(u, tick) ? tick : null)),
          },
        }
      : {}),
  };
}

/** Crosses at the top, at each x in sight: what is not finite has no other place. */
export function drawCrosses(u: uPlot, xs: Iterable<number>, colour: string): void {
  const { ctx, bbox } = u;
  const size = scaled(4);
  const { min = -Infinity, max = Infinity } = u.scales["x"] ?? {};
  ctx.save();
  ctx.strokeStyle = colour;
  ctx.lineWidth = scaled(1.5);
  for (const x of xs) {
    if (x < min || x > max) continue;
    const left = u.valToPos(x, "x", true);
    const top = bbox.top + size;
    ctx.beginPath();
    ctx.moveTo(left - size, top - size);
    ctx.lineTo(left + size, top + size);
    ctx.moveTo(left - size, top + size);
    ctx.lineTo(left + size, top - size);
    ctx.stroke();
  }
  ctx.restore();
}

/** A curve's value under the cursor, or its last before there, or its last of all; null where it has none. */
export function valueUnderCursor(u: uPlot, series: number): number | null {
  const column = u.data[series]!;
  let at = u.cursor.idx ?? column.length - 1;
  while (at > 0 && typeof column[at] !== "number") at--;
  const value = column[at];
  return typeof value === "number" ? value : null;
}

/** Tells what part of x the visitor dragged across, and takes the mark away. */
export function tellZoom(u: uPlot, onZoom: (range: XRange) => void): void {
  const { left, width } = u.select;
  if (width < 8) return; // a click with a trembling hand
  onZoom({ from: u.posToVal(left, "x"), to: u.posToVal(left + width, "x") });
  u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
}

/** What is not finite is a gap; where a curve has no value at all it goes on. */
export function gapped(
  columns: readonly (readonly (number | undefined)[])[],
): (number | null | undefined)[][] {
  return columns.map((column) =>
    column.map((value) => (value === undefined || Number.isFinite(value) ? value : null)),
  );
}

export const scaled = (cssPixels: number): number => cssPixels * devicePixelRatio;
