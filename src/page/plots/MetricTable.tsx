import { useEffect, useRef, useState } from "react";
import { useStore } from "zustand";
import { plotStore } from "../stores/plotStore.ts";
import { runStore } from "../stores/runStore.ts";
import type { ChartData, ChartSpec } from "./chartData.ts";
import { align } from "./chartData.ts";

const mostRows = 20;
const refreshEveryMs = 2000;

interface MetricTableProps {
  readonly spec: ChartSpec;
  readonly read: (spec: ChartSpec) => ChartData;
}

/** A chart's values as a table of at most twenty rows, evenly spread; brought up to date while it can be seen. */
export function MetricTable({ spec, read }: MetricTableProps) {
  const table = useRef<HTMLTableElement>(null);
  const unit = useStore(plotStore, (state) => state.xUnit);
  const [data, setData] = useState<ChartData>({ xEnd: 0, series: [], references: [] });

  useEffect(() => {
    const refresh = (): void => {
      if (table.current?.checkVisibility() === true) setData(read(spec));
    };
    const timer = setInterval(refresh, refreshEveryMs);
    const stop = runStore.subscribe(refresh);
    const folded = table.current?.closest("details");
    folded?.addEventListener("toggle", refresh);
    return () => {
      clearInterval(timer);
      stop();
      folded?.removeEventListener("toggle", refresh);
    };
  }, [spec, read]);

  const { x, columns } = align(data.series);
  const rows = pickRows(x.length);
  const references = data.references.map(({ label, y }) => `${label}: ${spec.format(y)}`).join("; ");
  return (
    <table ref={table}>
      <caption>
        {rows.length < x.length ? `${rows.length} of ${x.length} rows; all are in the CSV. ` : ""}
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
        {rows.map((row) => (
          <tr key={row}>
            <th scope="row">{Number(x[row]!.toFixed(2))}</th>
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

/** First, last, and evenly between. */
function pickRows(length: number): readonly number[] {
  if (length <= mostRows) return Array.from({ length }, (_, i) => i);
  return Array.from({ length: mostRows }, (_, i) => Math.round((i * (length - 1)) / (mostRows - 1)));
}
