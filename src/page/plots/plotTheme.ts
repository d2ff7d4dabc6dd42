import type { SeriesColour } from "./chartData.ts";

/** Dash patterns in CSS pixels, so that no series is told by its colour alone. */
export const seriesDash: Readonly<Record<SeriesColour, readonly number[]>> = {
  blue: [],
  orange: [8, 4],
  ink: [2, 3],
  green: [10, 3, 2, 3],
  purple: [4, 2],
};

/** The same for runs that are drawn over each other, by the place of their colour. */
export const runDash: readonly (readonly number[])[] = [
  [],
  [8, 4],
  [10, 3, 2, 3],
  [4, 2],
  [2, 3],
  [14, 4],
  [6, 2, 2, 2],
  [3, 3],
  [14, 3, 4, 3],
  [1, 2],
];

export interface PlotTheme {
  readonly series: Readonly<Record<SeriesColour, string>>;
  /** Of runs that are drawn over each other, by the place of their colour. */
  readonly runs: readonly string[];
  readonly text: string;
  readonly muted: string;
  readonly grid: string;
  readonly surface: string;
  readonly danger: string;
  readonly font: string;
}

/** The tokens of `tokens.css` as a canvas needs them. Colours are six-digit hex, so that an alpha can follow. */
export function readPlotTheme(): PlotTheme {
  const style = getComputedStyle(document.documentElement);
  const token = (name: string): string => style.getPropertyValue(name).trim();
  return {
    series: {
      ink: token("--series-ink"),
      blue: token("--series-blue"),
      orange: token("--series-orange"),
      green: token("--series-green"),
      purple: token("--series-purple"),
    },
    runs: runDash.map((_, slot) => token(`--run-${slot + 1}`)),
    text: token("--text"),
    muted: token("--text-muted"),
    grid: token("--line"),
    surface: token("--surface"),
    danger: token("--danger"),
    font: `12px ${token("--font")}`,
  };
}
