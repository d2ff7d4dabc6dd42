import { useEffect, useRef, useState } from "react";
import { useStore } from "zustand";
import { requestDraw } from "../plots/drawLoop.ts";
import { keepDrawn } from "../plots/keepDrawn.ts";
import { readPlotTheme } from "../plots/plotTheme.ts";
import { overlayStore } from "../stores/overlayStore.ts";
import { themeStore } from "../stores/themeStore.ts";
import { pointsWithoutPlace } from "./curves.ts";
import parts from "../plots/chartParts.module.css";
import styles from "./Overlay.module.css";
import { createOverlayPlot } from "./overlayPlot.ts";
import { OverlayCurves, type ColouredGroup, type ColouredRun } from "./overlayCurves.ts";
import { OverlayTable } from "./OverlayTable.tsx";
import type { RunMeasure } from "./runMeasures.ts";
import { RunSample } from "./RunSample.tsx";

interface OverlayChartProps {
  readonly measure: RunMeasure;
  /** Those that have this measure. */
  readonly runs: readonly ColouredRun[];
  readonly groups: readonly ColouredGroup[];
  /** Of all that are chosen. */
  readonly chosen: number;
}

/** One measure of several runs: curves, legend with values under the cursor, table. */
export function OverlayChart({ measure, runs, groups, chosen }: OverlayChartProps) {
  const host = useRef<HTMLDivElement>(null);
  const legend = useRef<HTMLUListElement>(null);
  const left = useRef<HTMLSpanElement>(null);
  const theme = useStore(themeStore, (state) => state.shown);
  const smoothing = useStore(overlayStore, (state) => state.smoothing);
  const logX = useStore(overlayStore, (state) => state.logX);
  const wholeX = useStore(overlayStore, ({ xUnit }) => xUnit === "step" || xUnit === "images");
  const [logY, setLogY] = useState(false);
  const means = groups.filter(({ runs: alike }) => alike.length > 1);

  useEffect(() => {
    const element = host.current;
    if (element === null) return undefined;
    const source = new OverlayCurves(measure, smoothing);
    const read = () => {
      const { xUnit, zoom } = overlayStore.getState();
      return { curves: source.read(runs, groups, xUnit, zoom), zoom };
    };
    const plot = createOverlayPlot(element, {
      ...{ measure, logX, logY, wholeX },
      theme: readPlotTheme(),
      curves: read().curves,
      onZoom: (zoom) => overlayStore.setState({ zoom }),
      onValues: (values) => {
        const outputs = legend.current?.querySelectorAll("output") ?? [];
        outputs.forEach((output, i) => {
          const value = values[i] ?? null;
          output.textContent = value === null ? "" : measure.spec.format(value);
        });
      },
    });
    const draw = (): void => {
      const { curves, zoom } = read();
      plot.setData(curves, zoom);
      const count = pointsWithoutPlace(curves, logX, logY);
      if (left.current !== null) left.current.textContent = describeLeftOut(count);
    };
    const stops = [keepDrawn(element, plot, draw), overlayStore.subscribe(requestDraw)];
    return () => {
      for (const stop of stops) stop();
      plot.destroy();
    };
  }, [measure, theme, smoothing, logX, logY, wholeX, runs, groups]);

  return (
    <figure className={styles.chart} aria-label={measure.term} data-testid={`overlay-${measure.id}`}>
      <div className={`${parts.head} ${styles.head}`}>
        <h3>{measure.term}</h3>
        <button
          type="button"
          aria-pressed={logY}
          aria-label={`log axis of ${measure.term}`}
          onClick={() => setLogY(!logY)}
        >
          log
        </button>
      </div>
      <div
        ref={host}
        className={`${parts.plot} ${styles.plot}`}
        role="img"
        aria-label={`${measure.term} of ${runs.length} runs; the values are in the table below`}
      />
      <ul className={`${parts.legend} ${styles.legend}`} ref={legend}>
        {runs.map(({ run, slot, name, whole }) => (
          <li key={run.runId} title={whole}>
            <RunSample slot={slot} /> <span>{name}</span> <output aria-live="off" />
          </li>
        ))}
        {means.map(({ label, slot }) => (
          <li key={label}>
            <RunSample slot={slot} thick /> <span>mean, {label}</span> <output aria-live="off" />
          </li>
        ))}
      </ul>
      <p className={styles.note}>
        {runs.length < chosen ? `${runs.length} of ${chosen} runs have it. ` : ""}
        <span ref={left} />
      </p>
      <OverlayTable measure={measure} runs={runs} groups={groups} />
    </figure>
  );
}

function describeLeftOut(count: number): string {
  if (count === 0) return "";
  return `${count} ${count === 1 ? "point lies" : "points lie"} at or below zero, where a logarithmic axis has no place.`;
}
