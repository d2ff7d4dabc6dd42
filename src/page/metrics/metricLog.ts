import { invariant } from "../../lib/invariant.ts";
import type { MetricName, MetricRows } from "../../contract/metrics.ts";
import { metricColumns } from "../../contract/metrics.ts";

/** Every metric of every step of one run, column by column. Lives outside React; whoever draws it asks `length`. */
export interface MetricLog {
  /** Rows so far. */
  readonly length: number;
  /** A view of `length` values; valid until the next `append`. */
  column(name: MetricName): Float32Array;
  append(rows: MetricRows): void;
  /** The values of one row, counted from 0; `null` outside the log. */
  row(index: number): Readonly<Record<MetricName, number>> | null;
}

/** Columns are typed arrays that double when full, so appending is cheap and a column is drawn without copying. */
export function createMetricLog(): MetricLog {
  const width = metricColumns.length;
  let capacity = 256;
  let length = 0;
  let columns = metricColumns.map(() => new Float32Array(capacity));

  function reserve(rows: number): void {
    if (rows <= capacity) return;
    while (capacity < rows) capacity *= 2;
    columns = columns.map((column) => {
      const larger = new Float32Array(capacity);
      larger.set(column);
      return larger;
    });
  }

  return {
    get length() {
      return length;
    },
    column: (name) => columns[metricColumns.indexOf(name)]!.subarray(0, length),
    append(rows) {
      invariant(rows.length % width === 0, `metric rows have ${width} values each, got ${rows.length}`);
      const count = rows.length / width;
      reserve(length + count);
      for (let row = 0; row < count; row++)
        for (let c = 0; c < width; c++) columns[c]![length + row] = rows[row * width + c]!;
      length += count;
    },
    row(index) {
      if (index < 0 || index >= length) return null;
      const entries = metricColumns.map((name, c) => [name, columns[c]![index]!]);
      return Object.fromEntries(entries) as Record<MetricName, number>;
    },
  };
}

/** The last row of a run's log. */
export function lastRow(log: MetricLog): Readonly<Record<MetricName, number>> | null {
  return log.row(log.length - 1);
}

/** Number of rows whose step is at most `step`. */
export function rowsUpTo(log: MetricLog, step: number): number {
  const steps = log.column("step");
  return firstRow(log, (row) => steps[row]! > step);
}

/** The first row from which on `holds` is true, by binary search; as many as there are rows when it never is. */
export function firstRow(log: MetricLog, holds: (row: number) => boolean): number {
  let low = 0;
  let high = log.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
