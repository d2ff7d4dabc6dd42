import type { AblationValue } from "../../contract/ablationDesign.ts";
import type { PlotArea } from "../plots/ChartFrame.tsx";

/** Where things go in the figure of a measure against what was varied, in the units of its view box. */
export interface ChartScale {
  readonly x: (value: AblationValue) => number;
  readonly y: (value: number) => number;
  readonly yTicks: readonly number[];
}

/** How values are placed along x: names evenly in their order, numbers by size or by its logarithm. */
export type XKind = "named" | "log" | "linear";

/** Between the area's edges and the outermost values. */
const inset = 24;

/**
 * @param values in the axis' order, at least one; numbers rising.
 * @param ys everything that must be seen.
 * @param yRange from where to where y reaches; null for what `ys` need.
 */
export function chartScale(
  values: readonly AblationValue[],
  kind: XKind,
  ys: readonly number[],
  area: PlotArea,
  yRange: { readonly from: number; readonly to: number } | null = null,
): ChartScale {
  const share = kind === "named" ? namedShares(values) : numberShares(values.map(Number), kind);
  // Names stand in the middle of their part, so that the first and last have room to both sides.
  const room = kind === "named" ? (area.right - area.left) / (2 * values.length) : inset;
  const x = (value: AblationValue): number =>
    area.left + room + share(value) * (area.right - area.left - 2 * room);
  const { bottom, top, step } = yRange === null ? rangeOf(ys) : rangeBetween(yRange.from, yRange.to);
  const ticks = Math.round((top - bottom) / step);
  return {
    x,
    y: (value) => area.bottom - ((value - bottom) / (top - bottom)) * (area.bottom - area.top),
    yTicks: Array.from({ length: ticks + 1 }, (_, i) => Number((bottom + i * step).toPrecision(12))),
  };
}

function namedShares(values: readonly AblationValue[]): (value: AblationValue) => number {
  return (value) => (values.length === 1 ? 0.5 : values.indexOf(value) / (values.length - 1));
}

/** Of a logarithmic axis 0 ("no hidden layer") stands apart on the left, a doubling and a half below the smallest. */
function numberShares(values: readonly number[], kind: "log" | "linear"): (value: AblationValue) => number {
  const positive = values.filter((value) => value > 0);
  const low = Math.log2(Math.min(...positive, Infinity));
  const zero = positive.length > 0 ? low - 1.5 : 0;
  const place = (value: number): number => (kind === "linear" ? value : value > 0 ? Math.log2(value) : zero);
  const places = values.map(place);
  const [from, to] = [Math.min(...places), Math.max(...places)];
  return (value) => (from === to ? 0.5 : (place(Number(value)) - from) / (to - from));
}

function rangeOf(ys: readonly number[]) {
  const finite = ys.filter(Number.isFinite);
  const lowest = finite.length === 0 ? 0 : Math.min(...finite);
  const highest = finite.length === 0 ? 1 : Math.max(...finite);
  const room = highest === lowest ? Math.abs(highest) * 0.1 || 0.5 : (highest - lowest) * 0.1;
  return rangeBetween(lowest - room, highest + room);
}

function rangeBetween(from: number, to: number) {
  const step = niceStep((to - from) / 5);
  return { step, bottom: Math.floor(from / step) * step, top: Math.ceil(to / step) * step };
}

/** 1, 2 or 5 times a power of ten, at least `least`. */
function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 2, 5].find((mantissa) => mantissa * power >= least * (1 - 1e-9)) ?? 10);
}

/** Rough: an SVG cannot be asked how wide its text is before it is drawn. */
const charWidth = 6.6;
const mostRows = 3;

/** In how many rows labels below the axis are staggered so that they do not run into each other. */
export function labelRows(labels: readonly string[], width: number): number {
  const spacing = width / Math.max(1, labels.length);
  const longest = Math.max(0, ...labels.map((label) => label.length)) * charWidth + 8;
  return Math.min(mostRows, Math.max(1, Math.ceil(longest / spacing)));
}
