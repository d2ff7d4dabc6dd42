import { expect, test } from "vitest";
import { parseNumberList } from "./numberList.ts";

test("reads numbers however they are separated, each once", () => {
  expect(parseNumberList(" 64, 128;256  64 ", "hiddenWidth")).toEqual({ values: [64, 128, 256] });
});

test("says what is wrong, by the setting's own rules", () => {
  expect(parseNumberList("", "hiddenWidth")).toEqual({ problem: "give at least one number" });
  expect(parseNumberList("64, wide", "hiddenWidth")).toEqual({ problem: '"wide" is not a number' });
  expect(parseNumberList("64 99999", "hiddenWidth")).toEqual({ problem: "99999 is outside 0 … 4096" });
  expect(parseNumberList("1.5", "seed")).toEqual({ problem: "1.5 is not a whole number" });
  expect(parseNumberList(Array.from({ length: 25 }, (_, i) => i).join(), "seed")).toMatchObject({
    problem: "25 numbers, at most 24",
  });
});
