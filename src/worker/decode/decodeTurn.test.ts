import { expect, test } from "vitest";
import { turnSquare } from "./decodeTurn.ts";

const square = (rows: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(Array.from(rows.replace(/ /g, ""), (letter) => [letter.charCodeAt(0), 0, 1]).flat());

test.each([
  [1, "ABC DEF GHI"],
  [2, "CBA FED IHG"],
  [3, "IHG FED CBA"],
  [4, "GHI DEF ABC"],
  [5, "ADG BEH CFI"],
  [6, "GDA HEB IFC"],
  [7, "IFC HEB GDA"],
  [8, "CFI BEH ADG"],
])("orientation %i", (orientation, rows) => {
  expect(turnSquare(square("ABC DEF GHI"), 3, orientation)).toEqual(square(rows));
});
