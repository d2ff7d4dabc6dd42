import { plotStore } from "../stores/plotStore.ts";
import type { ChartSpec } from "./chartData.ts";
import { chartFigure } from "./chartFigure.ts";
import { currentRunData } from "./currentRunData.ts";
import { figureSvg } from "./figureSvg.ts";
import { LiveCurves } from "./liveCurves.ts";

/** A chart as the visitor has it before them: unit, zoom, smoothing, hidden series. */
export function shownChartSvg(spec: ChartSpec): string {
  const { xUnit: unit, zoom, smoothing, hidden, logY } = plotStore.getState();
  const drawn = new LiveCurves(spec, smoothing).read(currentRunData(), unit, zoom);
  return figureSvg(chartFigure(spec, drawn, { unit, logY: logY[spec.id] ?? false, zoom, hidden, of: "" }));
}
