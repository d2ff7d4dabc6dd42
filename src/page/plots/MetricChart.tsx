import { useEffect, useRef } from "react";
import { useStore } from "zustand";
import { csvFile, shortestFloat32, type CsvRow } from "../../formats/csvTable.ts";
import { saveFile } from "../widgets/saveFile.ts";
import { notifyError } from "../stores/noticeStore.ts";
import { configStore } from "../stores/configStore.ts";
import { datasetStore } from "../stores/datasetStore.ts";
import { plotStore, type XUnit } from "../stores/plotStore.ts";
import type { CurrentRun } from "../stores/runStore.ts";
import { hasTeacher, runStore } from "../stores/runStore.ts";
import { shownRunStore } from "../stores/shownRunStore.ts";
import { themeStore } from "../stores/themeStore.ts";
import type { ChartData, ChartReference, ChartSpec } from "./chartData.ts";
import { alignedRows, collect } from "./chartData.ts";
import { currentRunData } from "./currentRunData.ts";
import { requestDraw } from "./drawLoop.ts";
import { keepDrawn } from "./keepDrawn.ts";
import { LineSample } from "./LineSample.tsx";
import { LiveCurves } from "./liveCurves.ts";
import type { LineChart } from "./lineChart.ts";
import { createLineChart } from "./lineChart.ts";
import { onMetrics } from "../metrics/metricArchive.ts";
import { MetricTable } from "./MetricTable.tsx";
import parts from "./chartParts.module.css";
import styles from "./MetricChart.module.css";
import { readPlotTheme, seriesDash } from "./plotTheme.ts";

/** What stands in the place of curves when there can be none; empty when there can. */
function whyEmpty(spec: ChartSpec, run: CurrentRun): string {
  if (run.state === "idle") return "Press Start";
  const taught = run.config !== null && hasTeacher(run.config);
  if (spec.id === "cosine" && !taught) return "This run has no teacher.";
  const unlabelled = run.baseline !== null && run.baseline.chance === null;
  if (spec.id === "overlap" && run.config !== null && !taught) return "This run has no teacher.";
  return spec.id === "knn" && unlabelled ? "Needs labels: two or more sub-folders of images." : "";
}

interface MetricChartProps {
  readonly spec: ChartSpec;
  readonly className: string;
  /** Curves and legend alone. */
  readonly plain?: boolean;
}

/** One chart of the current run: curves, legend with live values, table, and both as files. */
export function MetricChart({ spec, className, plain = false }: MetricChartProps) {
  const host = useRef<HTMLDivElement>(null);
  const legend = useRef<HTMLUListElement>(null);
  const chart = useRef<LineChart | null>(null);
  const theme = useStore(themeStore, (state) => state.shown);
  const logY = useStore(plotStore, (state) => state.logY[spec.id] ?? false);
  const wholeX = useStore(plotStore, (state) => state.xUnit === "step" || state.xUnit === "images");
  const smoothing = useStore(plotStore, (state) => state.smoothing);
  const hidden = useStore(plotStore, (state) => state.hidden);
  const empty = useStore(runStore, (run) => whyEmpty(spec, run));

  useEffect(() => {
    const element = host.current;
    if (element === null) return undefined;
    const plot = createLineChart(element, {
      spec,
      theme: readPlotTheme(),
      logY,
      wholeX,
      smoothing,
      syncKey: "run",
      onZoom: (zoom) => plotStore.setState({ zoom }),
      onValues: (values) => writeLegend(legend.current, spec, values),
    });
    chart.current = plot;
    const curves = new LiveCurves(spec, smoothing);
    const draw = (): void => {
      const { xUnit, zoom } = plotStore.getState();
      const drawn = curves.read(currentRunData(), xUnit, zoom);
      plot.setData(drawn, zoom);
      writeNotes(legend.current, drawn.data.references);
    };
    const stops = [
      keepDrawn(element, plot, draw),
      onMetrics(requestDraw),
      plotStore.subscribe(requestDraw),
      shownRunStore.subscribe(requestDraw),
      configStore.subscribe(requestDraw),
      datasetStore.subscribe(requestDraw),
    ];
    return () => {
      stops.forEach((stop) => stop());
      plot.destroy();
      chart.current = null;
    };
  }, [spec, theme, logY, wholeX, smoothing]);

  useEffect(() => {
    chart.current?.setHidden(hidden);
  }, [hidden, theme, logY, wholeX, smoothing]);

  return (
    <figure
      className={`${styles.chart} ${className}`}
      aria-label={spec.title}
      data-testid={`chart-${spec.id}`}
    >
      <div className={`${parts.head} ${styles.head}`} hidden={plain}>
        <h3>
          {spec.title}{" "}
          <span className={styles.term}>
            {spec.term}
            {logY ? ", on a log axis (no 0)" : ""}
          </span>
        </h3>
        <button
          type="button"
          aria-pressed={logY}
          aria-label={`log axis of ${spec.term}`}
          onClick={() => plotStore.setState((state) => ({ logY: { ...state.logY, [spec.id]: !logY } }))}
        >
          log
        </button>
        <button
          type="button"
          aria-label={`CSV of ${spec.term}`}
          onClick={() => void saveCsv(spec).catch(notifyError)}
        >
          CSV
        </button>
        <button
          type="button"
          aria-label={`PNG of ${spec.term}`}
          onClick={() => void saveFigure(spec, "png").catch(notifyError)}
        >
          PNG
        </button>
        <button
          type="button"
          aria-label={`SVG of ${spec.term}`}
          onClick={() => void saveFigure(spec, "svg").catch(notifyError)}
        >
          SVG
        </button>
      </div>
      <div
        ref={host}
        className={`${parts.plot} ${styles.plot}`}
        role="img"
        aria-label={plain ? spec.term : `${spec.term}; the values are in the table below`}
      >
        {empty === "" ? null : (
          <p className={styles.empty}>
            <span>{empty}</span>
          </p>
        )}
      </div>
      <ul className={`${parts.legend} ${styles.legend}`} ref={legend}>
        {spec.series.map(({ label, colour }) => (
          <li key={label}>
            <button type="button" aria-pressed={!hidden.includes(label)} onClick={() => toggleSeries(label)}>
              <LineSample stroke={`var(--series-${colour})`} dash={seriesDash[colour]} />
              {label}
            </button>{" "}
            <output data-label={label} aria-live="off" />
          </li>
        ))}
        {spec.references.map(({ label, colour }) => (
          <li key={label} className={styles.reference}>
            <LineSample stroke={`var(--series-${colour})`} dash={seriesDash[colour]} />
            {label} <output data-label={label} aria-live="off" /> <span data-note={label} />
          </li>
        ))}
      </ul>
      <details className={`${parts.more} ${styles.more}`} hidden={plain}>
        <summary>Explain · Table</summary>
        <p className={styles.meaning}>{spec.meaning}</p>
        <div className={styles.table} tabIndex={0} role="region" aria-label={`${spec.title} as a table`}>
          <MetricTable spec={spec} />
        </div>
      </details>
    </figure>
  );
}

function toggleSeries(label: string): void {
  plotStore.setState(({ hidden }) => ({
    hidden: hidden.includes(label) ? hidden.filter((other) => other !== label) : [...hidden, label],
  }));
}

function writeLegend(list: HTMLElement | null, spec: ChartSpec, values: ReadonlyMap<string, number>): void {
  for (const output of list?.querySelectorAll<HTMLElement>("output[data-label]") ?? []) {
    const value = values.get(output.dataset["label"] ?? "");
    const text = value === undefined ? "" : spec.format(value);
    if (output.textContent !== text) output.textContent = text;
  }
}

/** Where references come from, beside their values. */
function writeNotes(list: HTMLElement | null, references: readonly ChartReference[]): void {
  for (const span of list?.querySelectorAll<HTMLElement>("span[data-note]") ?? []) {
    const note = references.find(({ label }) => label === span.dataset["note"])?.note ?? "";
    if (span.textContent !== note) span.textContent = note;
  }
}

/** As it is shown, with its legend and what it means. */
async function saveFigure(spec: ChartSpec, kind: "png" | "svg"): Promise<void> {
  const [{ shownChartSvg }, { saveFigureAs }] = await Promise.all([
    import("./shownFigure.ts"),
    import("./saveFigureAs.ts"),
  ]);
  await saveFigureAs(kind, spec.id, shownChartSvg(spec));
}

/** Every value, references as columns of their own. */
async function saveCsv(spec: ChartSpec): Promise<void> {
  const { xUnit } = plotStore.getState();
  saveFile(
    `${spec.id}.csv`,
    await csvFile(csvRows(collect(spec, currentRunData(), xUnit), xUnit)),
    "text/csv",
  );
}

function* csvRows({ series, references }: ChartData, xUnit: XUnit): Generator<CsvRow, void> {
  yield [xUnit, ...series.map(({ label }) => label), ...references.map(({ label }) => label)];
  for (const { x, values } of alignedRows(series)) {
    const cells = values.map((value) => (value === undefined ? null : shortestFloat32(value)));
    yield [shortestFloat32(x), ...cells, ...references.map(({ y }) => y)];
  }
}
