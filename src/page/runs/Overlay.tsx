import { useMemo } from "react";
import { useStore } from "zustand";
import { settingPhrase } from "../../contract/settingPhrase.ts";
import { SmoothingField, XUnitField, ZoomField } from "../plots/ChartFields.tsx";
import { dismissRun, overlayStore } from "../stores/overlayStore.ts";
import type { RunRecord } from "../stores/runHistory.ts";
import { CompareTable } from "./CompareTable.tsx";
import { groupRuns } from "./groupRuns.ts";
import { hasMeasure } from "./hasMeasure.ts";
import styles from "./Overlay.module.css";
import { OverlayChart } from "./OverlayChart.tsx";
import type { ColouredRun } from "./overlayCurves.ts";
import { runMeasures } from "./runMeasures.ts";
import { RunSample } from "./RunSample.tsx";
import { tellApart } from "./tellApart.ts";
import { useMetricLogs } from "./useMetricLogs.ts";

/** The chosen runs drawn over each other; two of them compared. */
export function Overlay({ runs }: { readonly runs: readonly RunRecord[] }) {
  const slots = useStore(overlayStore, (state) => state.slots);
  const groupBy = useStore(overlayStore, (state) => state.groupBy);
  const records = useMemo(
    () =>
      slots.flatMap((runId) => {
        const run = runs.find((candidate) => candidate.runId === runId);
        return run === undefined ? [] : [run];
      }),
    [slots, runs],
  );
  const isLoaded = useMetricLogs(records);
  const coloured = useMemo(() => {
    const names = tellApart(records);
    return records.map((run, i): ColouredRun => ({
      run,
      slot: slots.indexOf(run.runId),
      ...(names[i] ?? { name: run.name, whole: run.name }),
    }));
  }, [slots, records]);
  const groups = useMemo(() => {
    if (groupBy === null) return [];
    return groupRuns(records, groupBy).groups.flatMap(({ runs: alike }) => {
      const [first] = alike;
      if (first === undefined) return [];
      return {
        label: `${settingPhrase(groupBy, first.config[groupBy])} (n = ${alike.length})`,
        slot: slots.indexOf(first.runId),
        runs: alike,
      };
    });
  }, [slots, records, groupBy]);
  const charts = useMemo(
    () =>
      isLoaded
        ? runMeasures.map((measure) => ({
            measure,
            runs: coloured.filter(({ run }) => hasMeasure(run, measure)),
          }))
        : [],
    [isLoaded, coloured],
  );
  if (records.length === 0) return null;
  const absent = charts.filter((chart) => chart.runs.length === 0).map(({ measure }) => measure.term);
  const [first, second] = coloured;
  return (
    <section className={`card ${styles.overlay}`} aria-labelledby="overlay-title" data-testid="overlay">
      <h2 id="overlay-title">Chosen runs</h2>
      <ul className={styles.chosen}>
        {coloured.map(({ run, slot, name, whole }) => (
          <li key={run.runId} title={whole}>
            <RunSample slot={slot} /> <span>{name}</span>
            <button type="button" aria-label={`Take off ${name}`} onClick={() => dismissRun(run.runId)}>
              ×
            </button>
          </li>
        ))}
      </ul>
      {first !== undefined && second !== undefined && coloured.length === 2 ? (
        <CompareTable first={first} second={second} isLoaded={isLoaded} />
      ) : null}
      <OverlayTools />
      <div className={styles.charts}>
        {charts
          .filter((chart) => chart.runs.length > 0)
          .map((chart) => (
            <OverlayChart
              key={chart.measure.id}
              measure={chart.measure}
              runs={chart.runs}
              groups={groups}
              chosen={records.length}
            />
          ))}
      </div>
      {absent.length === 0 ? null : (
        <p className={styles.note}>None of these runs has: {absent.join(", ")}.</p>
      )}
    </section>
  );
}

function OverlayTools() {
  const { xUnit, logX, smoothing, zoom } = useStore(overlayStore);
  return (
    <div className={styles.tools}>
      <XUnitField
        unit={xUnit}
        testId="overlay-x"
        onChange={(unit) => overlayStore.setState({ xUnit: unit, zoom: null })}
      />
      <label>
        <input
          type="checkbox"
          checked={logX}
          data-testid="overlay-log-x"
          onChange={(event) => overlayStore.setState({ logX: event.target.checked, zoom: null })}
        />
        log x
      </label>
      <SmoothingField
        smoothing={smoothing}
        onChange={(weight) => overlayStore.setState({ smoothing: weight })}
      />
      <ZoomField isZoomed={zoom !== null} onShowAll={() => overlayStore.setState({ zoom: null })} />
    </div>
  );
}
