import type { AblationPoint } from "../commands/ablation.ts";
import type { ChartReference } from "../plots/chartData.ts";
import type { Figure } from "../plots/figureSvg.ts";
import { dimensionScale } from "./dimensionScale.ts";

export interface DimensionFigureSource {
  readonly title: string;
  readonly caption: string;
  readonly axisLabel: string;
  /** "kNN accuracy". */
  readonly measure: string;
  readonly values: readonly number[];
  readonly points: readonly AblationPoint[];
  readonly references: readonly ChartReference[];
  readonly format: (y: number) => string;
}

/** A metric against a dimension, to be kept: means joined, standard deviations as bars, every seed as a ring. */
export function dimensionFigure(source: DimensionFigureSource): Figure {
  const { title, caption, axisLabel, measure, values, points, references, format } = source;
  const rising = [...values].sort((a, b) => a - b);
  const ys = [
    ...points.flatMap(({ mean, std, seeds }) => [
      mean - (std ?? 0),
      mean + (std ?? 0),
      ...seeds.map((seed) => seed.y),
    ]),
    ...references.map((reference) => reference.y),
  ];
  const frame = { left: 0, right: 500, top: 0, bottom: 1 };
  const { x, yTicks } = dimensionScale(rising, ys, frame);
  return {
    title,
    caption,
    x: {
      label: axisLabel,
      from: frame.left,
      to: frame.right,
      ticks: rising.map((value) => ({ at: x(value), label: String(value) })),
      logarithmic: false, // the scale is in the places
    },
    y: {
      label: measure,
      from: yTicks[0] ?? 0,
      to: yTicks.at(-1) ?? 1,
      ticks: yTicks.map((at) => ({ at, label: format(at) })),
      logarithmic: false,
    },
    curves: [
      {
        label: "Mean ± standard deviation",
        colour: "blue",
        style: "lineAndDots",
        points: points.map(({ value, mean, std }) => ({
          x: x(value),
          y: mean,
          ...(std === null ? {} : { spread: std }),
        })),
      },
      {
        label: "",
        colour: "blue",
        style: "dots",
        points: points.flatMap(({ value, seeds }) => seeds.map((seed) => ({ x: x(value), y: seed.y }))),
      },
    ],
    references: references.map(({ label, colour, y }) => ({ label: `${label} ${format(y)}`, colour, y })),
  };
}
