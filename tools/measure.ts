/**
 * Measures a visit to the page as a plain host serves it, cold, warm and without a network: `npm run measure [-- --json FILE]`.
 * Bytes and what moves on the page have a budget, and exit code 1 says that it is exceeded; times are told and not judged,
 * since they are as much the machine's as the page's.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { chromium } from "playwright";
import { chromiumLaunchOptions, ensureChromium } from "./browser.ts";
import { buildSiteIfStale, distFolder } from "./build.ts";
import { formatTable } from "./bench/formatTable.ts";
import { measureVisits, type VisitMeasures } from "./measure/visits.ts";

const budgets = {
  /** On the wire, before the page can be used: HTML, styles and scripts of the page, some of them twice for the reload. */
  pageBytes: 260_000,
  /** On the wire, before pictures move on the page: the engine, WebAssembly, the teacher and what it said of the demo too. */
  firstRunBytes: 10_500_000,
  /** As browsers count it; 0.1 is where it begins to be called bad. */
  layoutShift: 0.05,
} as const;

const { values } = parseArgs({ options: { json: { type: "string" } } });
ensureChromium();
await buildSiteIfStale();
const browser = await chromium.launch(chromiumLaunchOptions({ webgpu: "hardware" }));
try {
  const measured = await measureVisits(browser, distFolder);
  const { visits, pageBytes, firstRunBytes, layoutShift, run } = measured;
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(measured, null, 2)}\n`);
  const ms = (value: number | null): string => (value === null ? "–" : value.toFixed(0));
  const row = ({ name, firstPaintMs, usableMs, backendMs, movingMs, reloads }: VisitMeasures): string[] => [
    name,
    ms(firstPaintMs),
    ms(usableMs),
    ms(backendMs),
    ms(movingMs),
    String(reloads),
  ];
  console.log("Milliseconds from the click on a link; Start is clicked as soon as it is there.\n");
  console.log(
    formatTable(
      ["visit", "first paint", "usable", "engine ready", "first moving picture", "reloads"],
      visits.map(row),
    ),
  );
  console.log(
    `\nDuring a run of ${(run.ms / 1000).toFixed(0)} s the main thread was blocked for ${ms(run.blockedMs)} ms ` +
      `(what turns take beyond 50 ms), at most ${ms(run.longestMs)} ms at a time.\n`,
  );
  const judged = { pageBytes, firstRunBytes, layoutShift };
  let isWithin = true;
  for (const [name, budget] of Object.entries(budgets)) {
    const value = judged[name as keyof typeof budgets];
    const fits = value <= budget;
    isWithin &&= fits;
    console.log(
      `${fits ? "✓" : "✗"} ${name} ${value.toLocaleString("en")} of ${budget.toLocaleString("en")}`,
    );
  }
  process.exitCode = isWithin ? 0 : 1;
} finally {
  await browser.close();
}
