import type { XUnit } from "../stores/plotStore.ts";
import { readReference, type ChartData, type ChartSpec } from "./chartData.ts";
import type { Figure, FigureAxis, FigureCurve } from "./figureSvg.ts";
import type { DrawnCurves, XRange } from "./liveCurves.ts";

const xLabels: Record<XUnit, string> = {
  step: "Steps",
  epoch: "Epochs",
  seconds: "Seconds",
  images: "Images",
};

export interface ChartView {
  readonly unit: XUnit;
  readonly logY: boolean;
  /** The part of x that is shown; null: all. */
  readonly zoom: XRange | null;
  /** Series of these labels are left out. */
  readonly hidden: readonly string[];
  /** Whose run it is, for the caption; "" says nothing. */
  readonly of: string;
}

/** A chart as a figure of its own. */
export function chartFigure(spec: ChartSpec, { data, smoothed }: DrawnCurves, view: ChartView): Figure {
  const { unit, logY, zoom, hidden, of } = view;
  const curves = data.series
    .filter(({ label, x }) => !hidden.includes(label) && x.length > 0)
    .flatMap(({ label, colour, x, y, sparse }): FigureCurve[] => {
      const pointsOf = (values: ArrayLike<number>): FigureCurve["points"] =>
        Array.from(values, (value, i) => ({ x: x[i]!, y: value })).filter(
          (point) => zoom === null || (point.x >= zoom.from && point.x <= zoom.to),
        );
      if (sparse) return [{ label, colour, points: pointsOf(y), style: "lineAndDots" }];
      const smooth = smoothed.get(label);
      if (smooth === undefined) return [{ label, colour, points: pointsOf(y), style: "line" }];
      return [
        { label: "", colour, points: pointsOf(y), style: "pale" },
        { label, colour, points: pointsOf(smooth), style: "line" },
      ];
    });
  const from = zoom?.from ?? 0;
  const to = zoom?.to ?? (data.xEnd > 0 ? data.xEnd : 1);
  return {
    title: spec.title,
    caption: [spec.meaning, ...(of === "" ? [] : [of])].join(" "),
    x: { label: xLabels[unit], from, to, ticks: linearTicks(from, to, String), logarithmic: false },
    y: yAxis(spec, curves, data.references, logY),
    curves,
    references: data.references.map((reference) => ({
      label: `${reference.label} ${readReference(spec, reference)}`,
      colour: reference.colour,
      y: reference.y,
    })),
  };
}

function yAxis(
  spec: ChartSpec,
  curves: readonly FigureCurve[],
  references: ChartData["references"],
  logarithmic: boolean,
): FigureAxis {
  const all = [...curves.flatMap(({ points }) => points.map(({ y }) => y)), ...references.map(({ y }) => y)];
  const values = all.filter((value) => Number.isFinite(value) && (!logarithmic || value > 0));
  let low = values.reduce((least, value) => Math.min(least, value), Infinity);
  let high = values.reduce((most, value) => Math.max(most, value), -Infinity);
  if (values.length === 0) [low, high] = [spec.yFrom ?? (logarithmic ? 0.1 : 0), spec.yTo ?? 1];
  const format = spec.yTick === "asValue" ? spec.format : String;
  if (logarithmic) {
    const [from, to] = [low / 1.2, high * 1.2];
    return { label: spec.term, from, to, ticks: logTicks(from, to, format), logarithmic };
  }
  if (spec.yFrom !== null) low = Math.min(low, spec.yFrom);
  if (spec.yTo !== null) high = Math.max(high, spec.yTo);
  const room = high === low ? Math.abs(high) * 0.1 || 1 : (high - low) * 0.06;
  const from = low === spec.yFrom ? low : low - room;
  const to = high === spec.yTo ? high : high + room;
  return { label: spec.term, from, to, ticks: linearTicks(from, to, format), logarithmic };
}

/** About six round numbers. */
export function linearTicks(
  from: number,
  to: number,
  format: (value: number) => string,
): FigureAxis["ticks"] {
  const least = (to - from) / 6;
  const power = 10 ** Math.floor(Math.log10(least));
  const step = power * ([1, 2, 5].find((mantissa) => mantissa * power >= least * (1 - 1e-9)) ?? 10);
  const first = Math.ceil(from / step - 1e-9);
  const count = Math.floor(to / step + 1e-9) - first + 1;
  return Array.from({ length: Math.max(0, count) }, (_, i) => {
    const at = Number(((first + i) * step).toPrecision(12));
    return { at, label: format(at) };
  });
}

/** 1, 2 and 5 times the powers of ten. */
function logTicks(from: number, to: number, format: (value: number) => string): FigureAxis["ticks"] {
  const ticks: { at: number; label: string }[] = [];
  for (let power = Math.floor(Math.log10(from)); power <= Math.ceil(Math.log10(to)); power++)
    for (const mantissa of [1, 2, 5]) {
      const at = Number((mantissa * 10 ** power).toPrecision(12));
      if (at >= from && at <= to) ticks.push({ at, label: format(at) });
    }
  return ticks;
}
