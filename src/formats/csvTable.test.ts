import fc from "fast-check";
import { expect, test } from "vitest";
import { shortestFloat32, toCsv } from "./csvTable.ts";

test("quotes what needs quotes and leaves nothing a spreadsheet would run", () => {
  expect(
    toCsv([
      ["a", 1, null],
      ['say "hi", you', "=1+1", Number.NaN],
    ]),
  ).toBe('a,1,\n"say ""hi"", you",\'=1+1,NaN\n');
});

test("a 32-bit float is written short and reads back the same", () => {
  expect(shortestFloat32(Math.fround(0.1))).toBe(0.1);
  expect(shortestFloat32(Math.fround(2.345678))).toBe(2.345678);
  fc.assert(
    fc.property(fc.float({ noNaN: true }), (value) => {
      expect(Math.fround(shortestFloat32(value))).toBe(value);
    }),
  );
});
