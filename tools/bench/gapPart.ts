import type { Browser, Page } from "playwright";
import { defaultConfig } from "../../src/contract/config.ts";
import { metricColumns } from "../../src/contract/metrics.ts";
import { formatLink } from "../../src/page/commands/shareLink.ts";
import { withBuiltPage } from "./benchSite.ts";
import { formatTable } from "./formatTable.ts";
import { runGaps, type Gap, type RunGaps } from "./site/runGaps.ts";
import { watchPageScript } from "./site/watchPage.ts";

/** One whole run of the default demo. */
export interface GapRow extends Omit<RunGaps, "gaps"> {
  readonly steps: number;
  /** Of the student at the end. */
  readonly knn: number | null;
  readonly overLimit: number;
  readonly longest: readonly Gap[];
}

/** Nothing may stand still for longer between one step or message and the next. */
const limitMs = 250;
const mostGaps = 5;
const mostRuns = 3;
const longestRunMs = 400_000;

/** Whole runs of the default demo on WASM, each in a page of its own: how long the longest gaps are. */
export async function benchGaps(
  repetitions: number,
  log: (line: string) => void,
): Promise<readonly GapRow[]> {
  return withBuiltPage(async (browser, url) => {
    const rows: GapRow[] = [];
    for (let run = 0; run < Math.min(repetitions, mostRuns); run++) {
      const row = await watchRun(browser, url);
      rows.push(row);
      log(`run ${run + 1}: ${(row.wholeMs / 1000).toFixed(1)} s`);
    }
    return rows;
  });
}

async function watchRun(browser: Browser, url: string): Promise<GapRow> {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  try {
    await page.addInitScript({ content: watchPageScript(metricColumns) });
    await page.goto(`${url}#${formatLink(defaultConfig, "wasm")}`);
    await until(page, "backend", 60_000);
    await page.getByTestId("start").click();
    await until(page, "end", longestRunMs);
    const { events, clickMs, run } = await page.evaluate(() => ({
      events: window.pageWatch!.events,
      clickMs: window.pageWatch!.startClickedMs,
      run: window.playground!.snapshot().run,
    }));
    if (clickMs === null || run.end?.kind !== "finished") throw new Error("the run did not finish");
    const { gaps, ...times } = runGaps(events, clickMs);
    return {
      ...times,
      steps: run.step,
      knn: run.evaluations.at(-1)?.knn ?? null,
      overLimit: gaps.filter(({ ms }) => ms > limitMs).length,
      longest: gaps.slice(0, mostGaps),
    };
  } finally {
    await page.close();
  }
}

async function until(page: Page, what: "backend" | "end", timeout: number): Promise<void> {
  // Rarely, as looking takes time of the run.
  await page.waitForFunction(
    (asked) => {
      const snapshot = window.playground?.snapshot();
      return snapshot !== undefined && (asked === "end" ? snapshot.run.end : snapshot.backend) !== null;
    },
    what,
    { timeout, polling: 1000 },
  );
}

export function formatGaps(rows: readonly GapRow[]): string {
  const table = formatTable(
    [
      "click to end, s",
      "steps",
      "kNN",
      "click to first step, ms",
      "longest gap, ms",
      `> ${limitMs} ms`,
      "longest silence, ms",
    ],
    rows.map(({ wholeMs, steps, knn, firstStepMs, longest, overLimit, longestSilenceMs }) => [
      (wholeMs / 1000).toFixed(1),
      String(steps),
      knn === null ? "–" : `${(100 * knn).toFixed(1)} %`,
      firstStepMs.toFixed(0),
      (longest[0]?.ms ?? 0).toFixed(0),
      String(overLimit),
      longestSilenceMs.toFixed(0),
    ]),
  );
  const gaps = rows.flatMap(({ longest }, run) =>
    longest.map(
      ({ ms, fromMs, after, before }) =>
        `run ${run + 1}, ${ms.toFixed(0)} ms at ${(fromMs / 1000).toFixed(1)} s: from ${after} to ${before}`,
    ),
  );
  return [table, "", ...gaps].join("\n");
}

export function nothingStandsStill(rows: readonly GapRow[]): boolean {
  return rows.every(({ overLimit }) => overLimit === 0);
}
