import { csvCell } from "./csv.ts";
import { yieldToMessages } from "../lib/yieldToMessages.ts";

export type CsvRow = readonly (string | number | null)[];

/** Rows as comma-separated text with a newline after each, the first row being the header. */
export function toCsv(rows: Iterable<CsvRow>): string {
  let text = "";
  for (const row of rows) text += csvLine(row);
  return text;
}

/** Writing stops for others after so long. */
const sliceMs = 10;

/** The same of many rows, made and written a slice at a time, so that the page goes on meanwhile. */
export async function csvFile(rows: Iterable<CsvRow>): Promise<Blob> {
  const slices: string[] = [];
  let slice = "";
  let startedMs = performance.now();
  for (const row of rows) {
    slice += csvLine(row);
    if (performance.now() - startedMs < sliceMs) continue;
    slices.push(slice);
    slice = "";
    await yieldToMessages();
    startedMs = performance.now();
  }
  return new Blob([...slices, slice], { type: "text/csv" });
}

function csvLine(row: CsvRow): string {
  return `${row.map(csvCell).join(",")}\n`;
}

/** A 32-bit float as the shortest decimal that reads back as the same 32-bit float: 0.1, not 0.10000000149. */
export function shortestFloat32(value: number): number {
  if (!Number.isFinite(value) || Number.isInteger(value)) return value;
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === Math.fround(value)) return short;
  }
  return Number(value.toPrecision(9));
}
