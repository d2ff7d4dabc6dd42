import { expect, it } from "vitest";
import { chartSpecs, type ChartSpec } from "./chartData.ts";
import { chartFigure, linearTicks } from "./chartFigure.ts";
import { figureSvg } from "./figureSvg.ts";

const knn = chartSpecs.find(({ id }) => id === "knn") as ChartSpec;
const losses = chartSpecs.find(({ id }) => id === "losses") as ChartSpec;
const view = { unit: "step", logY: false, zoom: null, hidden: [], of: "" } as const;

it("has curve, legend, caption and level lines, and nothing from elsewhere", () => {
  const data = {
    xEnd: 100,
    series: [{ label: "Student", colour: "blue", x: [0, 50, 100], y: [0.1, 0.5, 0.75], sparse: true }],
    references: [{ label: "Teacher", colour: "orange", y: 0.9 }],
  } as const;
  const svg = figureSvg(chartFigure(knn, { data, smoothed: new Map() }, { ...view, of: "Run: <b>&." }));
  expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" width="640"/);
  expect(svg).toContain(knn.title);
  expect(svg).toContain(">Teacher 90 %</text>");
  expect(svg).toContain("k nearest neighbours"); // the caption
  expect(svg).not.toContain("<b>");
  expect(svg.match(/<circle/g)).toHaveLength(3);
  const points = /<polyline points="([^"]+)"/
    .exec(svg)![1]!
    .split(" ")
    .map((point) => point.split(",").map(Number));
  expect(points[0]![0]).toBe(64); // from the left edge of the plot …
  expect(points[2]![0]).toBe(620); // … to its right
  expect(points[2]![1]).toBeLessThan(points[1]![1]!); // higher is further up
  expect(svg.replace("http://www.w3.org/2000/svg", "")).not.toMatch(/https?:|url\(|<script|<image/);
});

it("draws raw values pale behind the smooth line, and leaves out what is hidden or cannot be drawn", () => {
  const series = ["Total", "Contrastive"].map((label) => ({
    label,
    colour: "blue" as const,
    x: [1, 2, 3],
    y: [4, Number.NaN, 2],
    sparse: false,
  }));
  const smoothed = new Map([["Total", Float64Array.of(4, 3.5, 3)]]);
  const drawn = { data: { xEnd: 3, series, references: [] }, smoothed };
  const svg = figureSvg(chartFigure(losses, drawn, { ...view, logY: true, hidden: ["Contrastive"] }));
  expect(svg.match(/<polyline/g)).toHaveLength(2);
  expect(svg).toContain('stroke-opacity="0.25"');
  expect(svg).not.toContain(">Contrastive</text>");
  expect(svg).not.toContain("NaN");
});

it("has round ticks", () => {
  expect(linearTicks(0, 1, String).map(({ label }) => label)).toEqual(["0", "0.2", "0.4", "0.6", "0.8", "1"]);
  expect(linearTicks(-0.05, 0.31, String).map(({ at }) => at)).toEqual([0, 0.1, 0.2, 0.3]);
});
