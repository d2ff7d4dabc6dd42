/**
 * A table in LaTeX, with booktabs' rules.
 *
 * @param header and rows as they are to be read; any text is made harmless.
 * @param label by which the text refers to it: "tab:ablation".
 */
export function latexTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  { caption, label }: { readonly caption: string; readonly label: string },
): string {
  const line = (cells: readonly string[]): string => `    ${cells.map(latexText).join(" & ")} \\\\`;
  return [
    "% \\usepackage{booktabs}",
    "\\begin{table}",
    "  \\centering",
    `  \\caption{${latexText(caption)}}`,
    `  \\label{${label}}`,
    `  \\begin{tabular}{l${"r".repeat(Math.max(0, header.length - 1))}}`,
    "    \\toprule",
    line(header),
    "    \\midrule",
    ...rows.map(line),
    "    \\bottomrule",
    "  \\end{tabular}",
    "\\end{table}",
    "",
  ].join("\n");
}

const special: Readonly<Record<string, string>> = {
  "\\": "\\textbackslash{}",
  "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}",
  "±": "$\\pm$",
  "×": "$\\times$",
  "−": "$-$",
  "→": "$\\to$",
  "–": "--",
  "\u202f": "\\,",
  "\u00a0": "~",
};

function latexText(text: string): string {
  return text.replace(/[\\~^±×−→–\u202f\u00a0]|[&%$#_{}]|[\r\n]+/g, (found) =>
    /[\r\n]/.test(found) ? " " : (special[found] ?? `\\${found}`),
  );
}
