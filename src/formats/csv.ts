/**
 * Comma-separated values as RFC 4180 writes them: CRLF between rows, quotes where needed.
 *
 * Text that a spreadsheet would run as a formula (it begins with = + - @, a tab or a return) gets an apostrophe in
 * front, so a file name or label can do no harm there. Numbers are written as JavaScript prints them, which reads
 * back exactly; null and undefined are empty.
 */
export type CsvCell = string | number | boolean | null | undefined;

/** @param rows each as long as `columns`, or shorter (the rest is empty). */
export function writeCsv(columns: readonly string[], rows: Iterable<readonly CsvCell[]>): string {
  const lines = [columns.map(csvCell).join(",")];
  for (const row of rows) lines.push(columns.map((_, i) => csvCell(row[i])).join(","));
  return `${lines.join("\r\n")}\r\n`;
}

export function csvCell(value: CsvCell): string {
  if (value === null || value === undefined) return "";
  if (typeof value !== "string") return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
