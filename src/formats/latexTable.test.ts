import { expect, it } from "vitest";
import { latexTable } from "./latexTable.ts";

it("sets a table with rules, and any text as text", () => {
  const table = latexTable(
    ["Width", "kNN"],
    [
      ["a_b & c\\input{x}", "61.3 % ± 0.4"],
      ["~^#$", "–"],
    ],
    { caption: "50 % of it", label: "tab:widths" },
  );
  expect(table).toContain("\\begin{tabular}{lr}");
  expect(table).toContain("    Width & kNN \\\\\n    \\midrule\n");
  expect(table).toContain("    a\\_b \\& c\\textbackslash{}input\\{x\\} & 61.3 \\% $\\pm$ 0.4 \\\\\n");
  expect(table).toContain("    \\textasciitilde{}\\textasciicircum{}\\#\\$ & -- \\\\\n");
  expect(table).toContain("\\caption{50 \\% of it}");
});
