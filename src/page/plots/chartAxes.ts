import type uPlot from "uplot";
import type { ChartSpec } from "./chartData.ts";
import type { PlotTheme } from "./plotTheme.ts";

/** How every axis looks. */
export function axis(theme: PlotTheme): uPlot.Axis {
  return {
    stroke: theme.muted,
    font: theme.font,
    grid: { stroke: theme.grid, width: 1 },
    ticks: { stroke: theme.grid, width: 1, size: 4 },
    gap: 4,
  };
}

/**
 * Whether a logarithmic axis should have a line and a label here: at one-digit numbers, and if the axis spans much,
 * at 1, 2 and 5 only, so that they don't crowd.
 *
 * @param span how many times the axis' lower end its upper end is.
 */
export function isRound(value: number, span: number): boolean {
  if (Number(value.toPrecision(1)) !== Number(value.toPrecision(6))) return false;
  return span < 12 || ["1", "2", "5"].includes(value.toExponential(0).charAt(0));
}

export function tickLabel(value: number | null): string {
  if (value === null) return "";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e6) return `${value / 1e6}M`;
  if (size >= 1e4) return `${value / 1e3}k`;
  return size < 1e-4 ? value.toExponential(0) : String(Number(value.toPrecision(6)));
}

/** 1, 2, 5, 10, 20, … */
export const wholeSteps = Array.from({ length: 10 }, (_, power) =>
  [1, 2, 5].map((m) => m * 10 ** power),
).flat();

/**
 * From where to where a y axis reaches, so that everything between `low` and `high` is on it.
 *
 * @param low Infinity where there is nothing to show.
 */
export function yRangeOf(
  { yFrom, yTo }: Pick<ChartSpec, "yFrom" | "yTo">,
  low: number,
  high: number,
  logarithmic: boolean,
): [number, number] {
  if (!Number.isFinite(low) || !Number.isFinite(high))
    return logarithmic ? [0.1, 10] : [yFrom ?? 0, yTo ?? 1];
  if (logarithmic) {
    const least = low > 0 ? low : high / 1000;
    const room = Math.max(1.15, Math.sqrt((2 * least) / high)); // at least a factor of two in all
    return [least / room, high * room];
  }
  const from = yFrom === null ? low : Math.min(low, yFrom);
  const to = yTo === null ? high : Math.max(high, yTo);
  const room = to === from ? Math.abs(to) * 0.1 || 1 : (to - from) * 0.06;
  // Where the range is fixed it stays as it was drawn when the chart was empty.
  return [from === yFrom ? from : from - room, to === yTo ? to : to + room];
}
