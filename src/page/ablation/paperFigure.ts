import type { Figure, FigureCurve } from "../plots/figureSvg.ts";
import type { AblationFigure } from "./ablationFigures.ts";
import { chartScale, labelRows } from "./chartScale.ts";

/** A figure of the ablation, to be kept: means, their intervals as bars, every seed as a ring; numbers joined, names not. */
export function paperFigure(source: AblationFigure): Figure {
  const { title, caption, conclusion, axisLabel, measure, values, points, comparison, references, format } =
    source;
  const frame = { left: 0, right: 500, top: 0, bottom: 1 };
  const { x, yTicks } = chartScale(values, source.xKind, allYs(source), frame, source.yRange);
  const rows = labelRows(source.ticks, frame.right - frame.left);
  const means = points.map(({ value, mean, interval }) => ({
    x: x(value),
    y: mean,
    ...(interval === null ? {} : { interval }),
  }));
  const label = points.some(({ interval }) => interval !== null) ? "Mean, 95 % interval" : "Mean";
  const curve = (label: string, shown: typeof means): FigureCurve => ({
    label,
    colour: "blue",
    style: "lineAndDots",
    points: shown,
  });
  return {
    title,
    caption: `${conclusion} ${caption}`.trim(),
    x: {
      label: axisLabel,
      from: frame.left,
      to: frame.right,
      ticks: values.map((value, i) => ({ at: x(value), label: source.ticks[i] ?? "", row: i % rows })),
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
      ...(comparison === null
        ? []
        : [
            {
              label: comparison.label,
              colour: comparison.colour,
              style: "lineAndDots" as const,
              points: comparison.points.map(({ value, y }) => ({ x: x(value), y })),
            },
          ]),
      ...(source.xKind === "named"
        ? means.map((point, i) => curve(i === 0 ? label : "", [point]))
        : [curve(label, means)]),
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

/** Everything of a figure that must be seen. */
export function allYs({
  points,
  comparison,
  references,
}: Pick<AblationFigure, "points" | "comparison" | "references">) {
  return [
    ...(comparison?.points.map(({ y }) => y) ?? []),
    ...points.flatMap(({ mean, interval, seeds }) => [
      mean,
      ...(interval === null ? [] : [interval.low, interval.high]),
      ...seeds.map((seed) => seed.y),
    ]),
    ...references.map((reference) => reference.y),
  ];
}
