import { expect, test } from "vitest";
import { visibleText } from "./visibleText.ts";

test.each([
  ["holiday\u202Egpj.exe", "holiday\\u202Egpj.exe"],
  ["\u2066a\u2069\u200F\u061C", "\\u2066a\\u2069\\u200F\\u061C"],
  ["a\nb\u001b[31m\u009b", "a\\u000Ab\\u001B[31m\\u009B"],
  ["Zürich 東京 قطة 👩‍🚀", "Zürich 東京 قطة 👩‍🚀"],
])("%j is shown as %s", (text, shown) => expect(visibleText(text)).toBe(shown));
