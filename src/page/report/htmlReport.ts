import { escaped } from "../plots/figureSvg.ts";

/** A report as HTML: one file that opens anywhere, offline, and runs nothing. */
export interface Report {
  readonly title: string;
  readonly lead: string;
  readonly sections: readonly ReportSection[];
}

export type ReportSection =
  | { readonly kind: "heading"; readonly text: string }
  | { readonly kind: "text"; readonly text: string }
  | {
      readonly kind: "table";
      readonly caption: string;
      readonly header: readonly string[];
      readonly rows: readonly (readonly string[])[];
    }
  /** An SVG file that this page has written. */
  | { readonly kind: "figure"; readonly svg: string }
  /** Folded away: a file's content, to be copied. */
  | { readonly kind: "file"; readonly name: string; readonly content: string };

/** Nothing is loaded and nothing runs, whatever stands in it. */
const policy = "default-src 'none'; style-src 'unsafe-inline'";

const style = `
body { font: 16px/1.5 system-ui, sans-serif; color: #14181d; background: #fff; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
h1, h2 { line-height: 1.2; }
h2 { margin-top: 2.5rem; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: #5a6470; padding-bottom: 0.5rem; }
th, td { text-align: left; vertical-align: top; padding: 0.25rem 1rem 0.25rem 0; border-top: 1px solid #e1e5ea; overflow-wrap: anywhere; }
thead th { border-top: 0; }
tbody th { font-weight: 400; }
svg { max-width: 100%; height: auto; }
pre { overflow: auto; background: #f5f6f8; padding: 1rem; font-size: 0.8rem; }
`;

export function htmlReport({ title, lead, sections }: Report): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${style}</style>
</head>
<body>
<h1>${escaped(title)}</h1>
<p>${escaped(lead)}</p>
${sections.map(sectionHtml).join("\n")}
</body>
</html>
`;
}

function sectionHtml(section: ReportSection): string {
  switch (section.kind) {
    case "heading":
      return `<h2>${escaped(section.text)}</h2>`;
    case "text":
      return `<p>${escaped(section.text)}</p>`;
    case "figure":
      return `<figure style="margin:1.5rem 0">${section.svg}</figure>`;
    case "file":
      return `<details><summary>${escaped(section.name)}</summary><pre>${escaped(section.content)}</pre></details>`;
    case "table": {
      const head = section.header.map((cell) => `<th scope="col">${escaped(cell)}</th>`).join("");
      const rows = section.rows.map(([first = "", ...rest]) => {
        const cells = rest.map((cell) => `<td>${escaped(cell)}</td>`).join("");
        return `<tr><th scope="row">${escaped(first)}</th>${cells}</tr>`;
      });
      const header = section.header.length === 0 ? "" : `<thead><tr>${head}</tr></thead>`;
      return `<table><caption>${escaped(section.caption)}</caption>${header}<tbody>${rows.join("")}</tbody></table>`;
    }
  }
}
