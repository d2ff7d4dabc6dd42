export type CsvCell = string | number | boolean | null | undefined;

/**
 * One cell as RFC 4180 writes it, in quotes where needed.
 *
 * Text that a spreadsheet would run as a formula (it begins with = + - @, a tab or a return) gets an apostrophe in
 * front, so a file name or label can do no harm there. Numbers are written as JavaScript prints them, which reads
 * back exactly; null and undefined are empty.
 */
export function csvCell(value: CsvCell): string {
  if (value === null || value === undefined) return "";
  if (typeof value !== "string") return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
