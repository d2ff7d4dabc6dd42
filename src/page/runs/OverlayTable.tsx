import { useState } from "react";
import { useStore } from "zustand";
import { overlayStore } from "../stores/overlayStore.ts";
import { valueAt } from "./curves.ts";
import parts from "../plots/chartParts.module.css";
import styles from "./Overlay.module.css";
import { OverlayCurves, type ColouredGroup, type ColouredRun } from "./overlayCurves.ts";
import type { RunMeasure } from "./runMeasures.ts";

interface OverlayTableProps {
  readonly measure: RunMeasure;
  readonly runs: readonly ColouredRun[];
  readonly groups: readonly ColouredGroup[];
}

const columns = 6;

/** The curves of a chart as a table: a line for a run, so many places along x. Worked out when it is opened. */
export function OverlayTable({ measure, runs, groups }: OverlayTableProps) {
  const [isOpen, setIsOpen] = useState(false);
  const isSmooth = useStore(overlayStore, ({ smoothing }) => smoothing > 0 && measure.spec.smoothed);
  return (
    <details
      className={`${parts.more} ${styles.more}`}
      onToggle={({ currentTarget }) => setIsOpen(currentTarget.open)}
    >
      <summary>Explain · Table</summary>
      <p className={styles.meaning}>
        {measure.spec.meaning} {isSmooth ? "The table is smoothed as the curves are. " : ""}Between points it
        reads on the straight line from one to the other; – stands where a run does not reach.
      </p>
      <div className={styles.table} tabIndex={0} role="region" aria-label={`${measure.term} as a table`}>
        {isOpen ? <Values measure={measure} runs={runs} groups={groups} /> : null}
      </div>
    </details>
  );
}

function Values({ measure, runs, groups }: OverlayTableProps) {
  const unit = useStore(overlayStore, ({ xUnit }) => xUnit);
  const smoothing = useStore(overlayStore, (state) => state.smoothing);
  const curves = new OverlayCurves(measure, smoothing).read(runs, groups, unit, null);
  const end = Math.max(0, ...curves.map(({ x }) => x[x.length - 1] ?? 0));
  const places = Array.from({ length: columns }, (_, i) => {
    const at = (end * (i + 1)) / columns;
    return unit === "step" || unit === "images" ? Math.round(at) : at;
  });
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">{unit}</th>
          {places.map((at) => (
            <th key={at} scope="col">
              {Number(at.toPrecision(4))}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {curves.map((curve) => (
          <tr key={`${curve.kind} ${curve.label}`}>
            <th scope="row">{curve.label}</th>
            {places.map((at) => {
              const value = valueAt(curve, at);
              return <td key={at}>{Number.isFinite(value) ? measure.spec.format(value) : "–"}</td>;
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
