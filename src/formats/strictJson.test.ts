import { describe, expect, it } from "vitest";
import { parseStrictJson, StrictJsonError } from "./strictJson.ts";

describe("parseStrictJson", () => {
  it("reads strings as JSON.parse does, escapes included", () => {
    for (const text of ['"a"', '""', '"\\"\\\\\\n\\u00e9"', '"é 👍"'])
      expect(parseStrictJson(text)).toBe(JSON.parse(text));
  });

  it.each(['"', '"a', '"\\"', '"\\x"', '"\\u12"', '"a\nb"', "'a'", '{"a', '{"a":"b}', '["\\'])(
    "refuses the broken %j",
    (text) => {
      expect(() => parseStrictJson(text)).toThrow(StrictJsonError);
    },
  );

  it("reads a string of any length, and refuses depth", () => {
    const long = "x".repeat(12_000_000);
    expect(parseStrictJson(`{"a":"${long}"}`)).toEqual(new Map([["a", long]]));
    expect(() => parseStrictJson("[".repeat(100_000))).toThrow(/deep/);
  });
});
