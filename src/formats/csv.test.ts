import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { csvCell, type CsvCell } from "./csv.ts";

/** A second way: reads RFC 4180 back, character by character. */
function readCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = "";
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (quoted) {
      if (c !== '"') cell += c;
      else if (text[i + 1] === '"') cell += text[++i]!;
      else quoted = false;
    } else if (c === '"') quoted = true;
    else if (c === ",") {
      row.push(cell);
      cell = "";
    } else if (c === "\r" && text[i + 1] === "\n") {
      rows.push([...row, cell]);
      row = [];
      cell = "";
      i++;
    } else cell += c;
  }
  return rows;
}

describe("csvCell", () => {
  it("quotes where needed, and writes numbers that read back exactly", () => {
    expect(['a "b", c', 0.1 + 0.2, "two\nlines", null, undefined].map((cell) => csvCell(cell))).toEqual([
      '"a ""b"", c"',
      "0.30000000000000004",
      '"two\nlines"',
      "",
      "",
    ]);
  });

  it("disarms text that a spreadsheet would run, and leaves numbers alone", () => {
    expect(["=1+1", "+1", "-1", "@x", "\tx", "\rx"].map((cell) => csvCell(cell))).toEqual([
      "'=1+1",
      "'+1",
      "'-1",
      "'@x",
      "'\tx",
      '"\'\rx"',
    ]);
    expect([csvCell(-1.5), csvCell(NaN), csvCell(true), csvCell("a=b")]).toEqual([
      "-1.5",
      "NaN",
      "true",
      "a=b",
    ]);
  });

  it("reads back as written, whatever the cells", () => {
    const cell = fc.oneof(
      fc.string({ unit: fc.constantFrom("a", ",", '"', "\r", "\n", "=", "-", " ", "é") }),
      fc.double(),
      fc.constant(null),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell, cell), { maxLength: 5 }), (rows) => {
        const shown = (value: CsvCell): string => {
          if (value === null || value === undefined) return "";
          if (typeof value !== "string") return String(value);
          return /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
        };
        const text = rows.map((row) => `${row.map(csvCell).join(",")}\r\n`).join("");
        expect(readCsv(text)).toEqual(rows.map((row) => row.map(shown)));
      }),
      { numRuns: 300 },
    );
  });
});
