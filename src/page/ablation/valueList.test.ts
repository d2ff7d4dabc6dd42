import { expect, test } from "vitest";
import { parseNumberList, parseValueList } from "./valueList.ts";

test("reads values however they are separated, each once", () => {
  expect(parseValueList(" 64, 128;256  64 ", "hiddenWidth")).toEqual({ values: [64, 128, 256] });
  expect(parseValueList("disco, seed", "method")).toEqual({ values: ["disco", "seed"] });
  expect(parseNumberList("3 1", "seed")).toEqual({ values: [3, 1] });
});

test("says what is wrong, by the setting's own rules", () => {
  expect(parseValueList("", "hiddenWidth")).toEqual({ problem: "give at least one value" });
  expect(parseValueList("64, wide", "hiddenWidth")).toEqual({ problem: '"wide" is not a number' });
  expect(parseValueList("64 99999", "hiddenWidth")).toEqual({ problem: "99999 is outside 0 … 4096" });
  expect(parseNumberList("1.5", "seed")).toEqual({ problem: "1.5 is not a whole number" });
  expect(parseNumberList(Array.from({ length: 25 }, (_, i) => i).join(), "seed")).toMatchObject({
    problem: "25 values, at most 24",
  });
});
