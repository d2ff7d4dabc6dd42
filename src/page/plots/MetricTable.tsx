import { useEffect, useRef, useState } from "react";
import { useStore } from "zustand";
import { plotStore } from "../stores/plotStore.ts";
import { runStore } from "../stores/runStore.ts";
import type { AlignedSeries, ChartReference, ChartSpec } from "./chartData.ts";
import { align, collect, readReference } from "./chartData.ts";
import { currentRunData } from "./currentRunData.ts";

const mostRows = 20;
const refreshEveryMs = 2000;

interface TableData extends AlignedSeries {
  readonly references: readonly ChartReference[];
  /** Of what is measured most often; the table may show fewer. */
  readonly rows: number;
}

const nothingYet: TableData = { x: [], columns: [], references: [], rows: 0 };

/** A chart's values as a table, of at most twenty steps and evaluations; brought up to date while it can be seen. */
export function MetricTable({ spec }: { readonly spec: ChartSpec }) {
  const table = useRef<HTMLTableElement>(null);
  const unit = useStore(plotStore, (state) => state.xUnit);
  const [data, setData] = useState(nothingYet);

  useEffect(() => {
    const refresh = (): void => {
      if (table.current?.checkVisibility() === true) setData(readTable(spec));
    };
    const timer = setInterval(refresh, refreshEveryMs);
    const stops = [runStore.subscribe(refresh), plotStore.subscribe(refresh)];
    const folded = table.current?.closest("details");
    folded?.addEventListener("toggle", refresh);
    return () => {
      clearInterval(timer);
      stops.forEach((stop) => stop());
      folded?.removeEventListener("toggle", refresh);
    };
  }, [spec]);

  const { x, columns, rows } = data;
  const references = data.references.map((one) => `${one.label}: ${readReference(spec, one)}`).join("; ");
  return (
    <table ref={table}>
      <caption>
        {rows > mostRows ? `${x.length} of ${rows} rows; all are in the CSV. ` : ""}
        {references}
      </caption>
      <thead>
        <tr>
          <th scope="col">{unit}</th>
          {spec.series.map(({ label }) => (
            <th key={label} scope="col">
              {label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {x.map((at, row) => (
          <tr key={row}>
            <th scope="row">{Number(at.toFixed(2))}</th>
            {columns.map((column, c) => {
              const value = column[row];
              return <td key={c}>{value === undefined ? "" : spec.format(value)}</td>;
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Of what there is once a step twenty steps, of what there is once an evaluation twenty evaluations. */
function readTable(spec: ChartSpec): TableData {
  const run = currentRunData();
  const evaluations = evenly(run.evaluations.length).map((index) => run.evaluations[index]!);
  const rows = Int32Array.from(evenly(run.log.length));
  const { series, references } = collect(spec, { ...run, evaluations }, plotStore.getState().xUnit, rows);
  const perStep = series.some(({ sparse }) => !sparse);
  return { ...align(series), references, rows: perStep ? run.log.length : run.evaluations.length };
}

/** First, last, and evenly between. */
function evenly(length: number): readonly number[] {
  if (length <= mostRows) return Array.from({ length }, (_, i) => i);
  return Array.from({ length: mostRows }, (_, i) => Math.round((i * (length - 1)) / (mostRows - 1)));
}
