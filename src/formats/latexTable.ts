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
  "·": "$\\cdot$",
  "−": "$-$",
  "→": "$\\to$",
  "←": "$\\gets$",
  "‖": "$\\Vert$",
  "²": "$^2$",
  "½": "$\\frac12$",
  α: "$\\alpha$",
  β: "$\\beta$",
  γ: "$\\gamma$",
  ε: "$\\varepsilon$",
  λ: "$\\lambda$",
  μ: "$\\mu$",
  π: "$\\pi$",
  σ: "$\\sigma$",
  τ: "$\\tau$",
  "–": "--",
  "…": "\\dots{}",
  "“": "``",
  "”": "''",
  "‘": "`",
  "’": "'",
  "\u202f": "\\,",
  "\u00a0": "~",
};

/** Letters of other alphabets stay as they are: LaTeX reads UTF-8, but its usual fonts lack symbols. */
function latexText(text: string): string {
  return text.replace(/[\r\n]+|[^]/g, (found) => {
    if (/[\r\n]/.test(found)) return " ";
    return special[found] ?? (/[&%$#_{}]/.test(found) ? `\\${found}` : found);
  });
}
