import { AppError } from "../contract/errors.ts";
import { metricColumns, type MetricRows } from "../contract/metrics.ts";

/** Far more than a run has steps. */
const mostRows = 5_000_000;

/**
 * Reads a `metrics.csv` back, to the bit; columns after the metrics are left out.
 *
 * @throws AppError "file-unreadable" with the line that is wrong.
 */
export function parseMetricsCsv(text: string): MetricRows {
  const lines = text.split("\n");
  const [header = ""] = lines;
  const width = metricColumns.length;
  if (header.trim().split(",").slice(0, width).join() !== metricColumns.join())
    throw fault("its first line does not name the metrics");
  const last = lines.at(-1)?.trim() === "" ? lines.length - 1 : lines.length;
  if (last - 1 > mostRows) throw fault(`it has ${last - 1} rows`);
  const rows = new Float32Array((last - 1) * width);
  for (let line = 1; line < last; line++) {
    const cells = (lines[line] as string).trim().split(",");
    for (let column = 0; column < width; column++) {
      const cell = cells[column];
      const value = Number(cell);
      if (cell === undefined || cell === "" || (Number.isNaN(value) && cell !== "NaN"))
        throw fault(`line ${line + 1} has no number for ${metricColumns[column]}`);
      rows[(line - 1) * width + column] = value;
    }
    const step = rows[(line - 1) * width] as number;
    if (!Number.isInteger(step) || step < 1) throw fault(`line ${line + 1} is of no step`);
  }
  return rows;
}

function fault(what: string): AppError {
  return new AppError("file-unreadable", `This is not a metrics.csv of the playground: ${what}.`, {
    hint: "Export the run again.",
  });
}
