import { describe, expect, it } from "vitest";
import { quote, shownList, shownName, shownNotes, shownReport } from "./quote.ts";

describe("text from outside", () => {
  it("shows what would turn or hide it, and is cut", () => {
    expect(quote("a\u202egpj.exe")).toBe('"a\\u202Egpj.exe"');
    expect(quote('a"b\n')).toBe('"a\\"b\\n"');
    expect(quote("é 日本 👍")).toBe('"é 日本 👍"');
    expect(quote("x".repeat(200)).length).toBe(103);
    expect(shownName("layer1.0.conv1.weight")).toBe("layer1.0.conv1.weight");
    expect(shownName("a\u2066b\u0000")).toBe("a\\u2066b\\u0000");
    const cut = `${"y".repeat(300)}… (1000 characters)`;
    expect(shownName("y".repeat(1000))).toBe(cut);
    expect(shownName(cut)).toBe(cut);
    expect(shownName("y".repeat(340))).toBe("y".repeat(340));
    expect(shownName("\u202e".repeat(300))).toHaveLength(300 + "… (300 characters)".length);
    expect(shownNotes(["z".repeat(1500)])[0]).toHaveLength(1500);
  });

  it("is cut as a list, with what is left of it", () => {
    expect(shownList(["a", "b\u202e"], 2)).toEqual(["a", "b\\u202E"]);
    expect(shownList(["a", "b", "c"], 1)).toEqual(["a", "and 2 more"]);
    expect(shownList(["a", "b"], 1)).toEqual(["a", "b"]);
    expect(shownList(["a"], 5, 7)).toEqual(["a", "and 6 more"]);
  });

  it("is cut wherever it stands in a report, and so are lists", () => {
    const shapes = Array.from({ length: 10 }, () => [1, 2]);
    const report = { names: ["z".repeat(400), "b", "c", "d", "e"], shapes, n: 3, no: null, "k\u202e": true };
    expect(shownReport(report, 3)).toEqual({
      names: [`${"z".repeat(300)}… (400 characters)`, "b", "c", "and 2 more"],
      shapes: shapes.slice(0, 3),
      n: 3,
    });
    expect(shownReport({ "k\u202e": true }, 3)).toEqual({ "k\\u202E": true });
    expect(Object.getPrototypeOf(shownReport(JSON.parse('{"__proto__": 1}') as object, 9))).toBe(
      Object.prototype,
    );
  });
});
