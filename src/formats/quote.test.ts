import { describe, expect, it } from "vitest";
import { quote, shownName } from "./quote.ts";

describe("text from outside", () => {
  it("shows what would turn or hide it, and is cut", () => {
    expect(quote("a\u202egpj.exe")).toBe('"a\\u202Egpj.exe"');
    expect(quote('a"b\n')).toBe('"a\\"b\\n"');
    expect(quote("é 日本 👍")).toBe('"é 日本 👍"');
    expect(quote("x".repeat(200)).length).toBe(103);
    expect(shownName("layer1.0.conv1.weight")).toBe("layer1.0.conv1.weight");
    expect(shownName("a\u2066b\u0000")).toBe("a\\u2066b\\u0000");
    expect(shownName("y".repeat(1000))).toBe(`${"y".repeat(300)}… (1000 characters)`);
  });
});
