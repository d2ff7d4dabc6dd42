import { expect, it } from "vitest";
import { settingNames, settings, type Setting } from "../contract/config.ts";
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

it("sets symbols by commands, among them all that settings are named by", () => {
  const names = settingNames.flatMap((name) => {
    const setting: Setting = settings[name];
    const options = setting.kind === "choice" ? Object.values(setting.options) : [];
    return [setting.label, ...options, ...Object.values(setting.phrases ?? {})];
  });
  const symbols = ["batch 64 · temperature τ 0.1", "2 → 3 …", "“±½”", "Weight decay ‖w‖²"];
  const table = latexTable(
    ["Run"],
    [...names, ...symbols].map((name) => [name]),
    { caption: "", label: "" },
  );
  expect(table).toContain("batch 64 $\\cdot$ temperature $\\tau$ 0.1");
  // eslint-disable-next-line no-control-regex -- whatever is not ASCII
  expect(table).toMatch(/^[\x00-\x7f]*$/);
  expect(latexTable(["Läufe"], [], { caption: "", label: "" })).toContain("Läufe");
});
