import type { SeriesColour } from "./chartData.ts";
import { seriesDash } from "./plotTheme.ts";

/** A figure to be kept: for paper and reports, so light whatever the page's theme is, with its legend and caption. */
export interface Figure {
  readonly title: string;
  /** What it shows, for whoever sees it without the page around it. */
  readonly caption: string;
  readonly x: FigureAxis;
  readonly y: FigureAxis;
  readonly curves: readonly FigureCurve[];
  /** Level lines to compare with. */
  readonly references: readonly {
    readonly label: string;
    readonly colour: SeriesColour;
    readonly y: number;
  }[];
}

export interface FigureAxis {
  readonly label: string;
  /** Long labels are set in rows, the first at 0, so that they do not run into each other. */
  readonly ticks: readonly { readonly at: number; readonly label: string; readonly row?: number }[];
  readonly from: number;
  readonly to: number;
  readonly logarithmic: boolean;
}

export interface FigureCurve {
  /** "" for one that the legend does not name: raw values behind a smooth line. */
  readonly label: string;
  readonly colour: SeriesColour;
  readonly points: readonly FigurePoint[];
  readonly style: "line" | "pale" | "dots" | "lineAndDots";
}

interface FigurePoint {
  readonly x: number;
  readonly y: number;
  /** Where its error bar begins and ends; none when left out. */
  readonly interval?: { readonly low: number; readonly high: number };
}

const paper = {
  ink: "#3c4652",
  blue: "#0069b4",
  orange: "#c24e00",
  green: "#007a5a",
  purple: "#a04a86",
} as const satisfies Record<SeriesColour, string>;
const text = "#14181d";
const muted = "#5a6470";
const grid = "#e1e5ea";
const fontFamily = "system-ui, -apple-system, 'Segoe UI', Roboto, Arial, sans-serif";

const width = 640;
const plot = { left: 64, right: width - 20, top: 44, height: 260 };
/** Rough: an SVG cannot be asked how wide its text is before it is drawn. */
const charWidth = 6.4;
const lineHeight = 17;
/** From one row of labels below the x axis to the next. */
const rowHeight = 15;

/** The figure as an SVG file of its own: nothing outside it is needed. */
export function figureSvg(figure: Figure): string {
  const bottom = plot.top + plot.height;
  const place = (axis: FigureAxis, start: number, end: number) => {
    const scale = axis.logarithmic ? Math.log : (value: number): number => value;
    const [low, high] = [scale(axis.from), scale(axis.to)];
    return (value: number): number => start + ((scale(value) - low) / (high - low || 1)) * (end - start);
  };
  const x = place(figure.x, plot.left, plot.right);
  const y = place(figure.y, bottom, plot.top);

  const legend = legendOf(figure);
  const belowTicks = bottom + Math.max(0, ...figure.x.ticks.map(({ row = 0 }) => row)) * rowHeight;
  const legendTop = belowTicks + 58;
  const captionTop = legendTop + legend.rows * lineHeight + 8;
  const caption = wrapped(figure.caption, Math.floor((width - 40) / charWidth));
  const height = captionTop + caption.length * lineHeight + 8;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" font-family="${fontFamily}" font-size="12">`,
    `<title>${escaped(figure.title)}</title>`,
    `<desc>${escaped(figure.caption)}</desc>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    textAt(20, 26, figure.title, 'font-size="15" font-weight="600"'),
    ...figure.y.ticks.flatMap(({ at, label }) => [
      `<line x1="${plot.left}" x2="${plot.right}" y1="${round(y(at))}" y2="${round(y(at))}" stroke="${grid}"/>`,
      textAt(plot.left - 8, y(at) + 4, label, `text-anchor="end" fill="${muted}"`),
    ]),
    ...figure.x.ticks.map(({ at, label, row = 0 }) =>
      textAt(x(at), bottom + 18 + row * rowHeight, label, `text-anchor="middle" fill="${muted}"`),
    ),
    `<line x1="${plot.left}" x2="${plot.right}" y1="${bottom}" y2="${bottom}" stroke="${muted}"/>`,
    textAt((plot.left + plot.right) / 2, belowTicks + 38, figure.x.label, 'text-anchor="middle"'),
    `<text transform="translate(16 ${plot.top + plot.height / 2}) rotate(-90)" text-anchor="middle" fill="${text}">${escaped(figure.y.label)}</text>`,
    ...figure.references.map(
      ({ colour, y: at }) =>
        `<line x1="${plot.left}" x2="${plot.right}" y1="${round(y(at))}" y2="${round(y(at))}" stroke="${paper[colour]}" stroke-width="1.25" stroke-dasharray="${dash(colour) || "6 4"}"/>`,
    ),
    ...figure.curves.map((curve) => curveSvg(curve, x, y)),
    ...legend.entries.map(({ label, colour, isReference, row, left }) => {
      const at = legendTop + row * lineHeight;
      const pattern = isReference ? dash(colour) || "6 4" : dash(colour);
      return `<line x1="${left}" x2="${left + 24}" y1="${at - 4}" y2="${at - 4}" stroke="${paper[colour]}" stroke-width="2"${pattern === "" ? "" : ` stroke-dasharray="${pattern}"`}/>${textAt(left + 30, at, label)}`;
    }),
    ...caption.map((line, i) => textAt(20, captionTop + i * lineHeight + 8, line, `fill="${muted}"`)),
    "</svg>",
  ].join("\n");
}

function curveSvg(
  { colour, points, style }: FigureCurve,
  x: (value: number) => number,
  y: (value: number) => number,
): string {
  const stroke = paper[colour];
  const drawable = points.filter((point) => Number.isFinite(x(point.x)) && Number.isFinite(y(point.y)));
  const parts: string[] = [];
  if (style !== "dots" && drawable.length > 1) {
    const line = drawable.map((point) => `${round(x(point.x))},${round(y(point.y))}`).join(" ");
    const looks =
      style === "pale" ? 'stroke-width="1" stroke-opacity="0.25"' : `stroke-width="1.75"${dashes(colour)}`;
    parts.push(`<polyline points="${line}" fill="none" stroke="${stroke}" ${looks}/>`);
  }
  for (const point of drawable) {
    const [left, top] = [round(x(point.x)), round(y(point.y))];
    if (point.interval !== undefined)
      parts.push(
        `<line x1="${left}" x2="${left}" y1="${round(y(point.interval.low))}" y2="${round(y(point.interval.high))}" stroke="${stroke}" stroke-width="1.5"/>`,
      );
    if (style === "lineAndDots") parts.push(`<circle cx="${left}" cy="${top}" r="3" fill="${stroke}"/>`);
    if (style === "dots")
      parts.push(
        `<circle cx="${left}" cy="${top}" r="4.5" fill="none" stroke="${stroke}" stroke-opacity="0.6"/>`,
      );
  }
  return parts.join("\n");
}

interface LegendEntry {
  readonly label: string;
  readonly colour: SeriesColour;
  readonly isReference: boolean;
  readonly row: number;
  readonly left: number;
}

/** As many entries to a row as fit. */
function legendOf({ curves, references }: Figure): { entries: readonly LegendEntry[]; rows: number } {
  const named = [
    ...curves.filter(({ label }) => label !== "").map((curve) => ({ ...curve, isReference: false })),
    ...references.map((reference) => ({ ...reference, isReference: true })),
  ];
  let [row, left] = [0, 20];
  const entries = named.map(({ label, colour, isReference }) => {
    const size = 50 + label.length * charWidth;
    if (left > 20 && left + size > width - 20) [row, left] = [row + 1, 20];
    const entry = { label, colour, isReference, row, left };
    left += size;
    return entry;
  });
  return { entries, rows: entries.length === 0 ? 0 : row + 1 };
}

function wrapped(caption: string, most: number): readonly string[] {
  const lines: string[] = [];
  for (const word of caption.split(/\s+/)) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > most) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

function textAt(x: number, y: number, content: string, looks = ""): string {
  const fill = looks.includes("fill=") ? "" : ` fill="${text}"`;
  return `<text x="${round(x)}" y="${round(y)}"${fill} ${looks}>${escaped(content)}</text>`;
}

function dash(colour: SeriesColour): string {
  return seriesDash[colour].join(" ");
}

function dashes(colour: SeriesColour): string {
  return dash(colour) === "" ? "" : ` stroke-dasharray="${dash(colour)}"`;
}

const round = (value: number): number => Math.round(value * 100) / 100;

/** Text of any origin, as text. */
export function escaped(content: string): string {
  return content.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
