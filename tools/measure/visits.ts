/** Three visits to the built page on a host without headers, and what each took. */
import type { Browser, Page } from "playwright";
import { defaultConfig } from "../../src/contract/config.ts";
import { metricColumns } from "../../src/contract/metrics.ts";
import { formatLink } from "../../src/page/commands/shareLink.ts";
import { mainTasks, traceCategories, type TraceEvent } from "../bench/site/trace.ts";
import { watchPageScript } from "../bench/site/watchPage.ts";
import { servePages } from "../pagesServer.ts";

const mount = "/disco-playground/";
const limitMs = 120_000;
const runMs = 10_000;
/** Beyond this a turn of the event loop can be felt. */
const unfeltMs = 50;

/** Times since the click on the link; null where the browser does not tell. */
export interface VisitMeasures {
  readonly name: string;
  readonly firstPaintMs: number | null;
  /** The page's controls are there and answer. */
  readonly usableMs: number | null;
  readonly backendMs: number;
  /** A picture of the first step is shown. */
  readonly movingMs: number;
  /** By the page itself, to be isolated. */
  readonly reloads: number;
}

export interface Measures {
  readonly visits: readonly VisitMeasures[];
  readonly pageBytes: number;
  readonly firstRunBytes: number;
  /** The worst of the visits. */
  readonly layoutShift: number;
  readonly run: { readonly ms: number; readonly blockedMs: number; readonly longestMs: number };
}

/** @throws Error when the page does not get where it should. */
export async function measureVisits(browser: Browser, folder: string): Promise<Measures> {
  const sent: { readonly path: string; readonly bytes: number }[] = [];
  const site = await servePages({ folder, mount, onSent: (path, bytes) => sent.push({ path, bytes }) });
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  await context.addInitScript({ content: watchPageScript(metricColumns) });
  const url = `${site.url}#${formatLink(defaultConfig, "wasm")}`;
  let isClosed = false;
  try {
    const cold = await visit(await context.newPage(), url, "cold");
    const pageBytes = sum(sent.filter(({ path }) => isOfPage(path, cold.firstScripts)));
    const firstRunBytes = sum(sent.slice());
    const run = await watchRun(browser, cold.page);
    await cold.page.getByTestId("stop").click();
    await untilKept(cold.page);
    await cold.page.close();
    const warm = await visit(await context.newPage(), url, "warm");
    await warm.page.close();
    await site.close();
    isClosed = true;
    const offline = await visit(await context.newPage(), url, "no network");
    const all = [cold, warm, offline];
    return {
      visits: all.map(({ measures }) => measures),
      pageBytes,
      firstRunBytes,
      layoutShift: Math.max(...all.map(({ layoutShift }) => layoutShift)),
      run,
    };
  } finally {
    await context.close();
    if (!isClosed) await site.close();
  }
}

interface Visited {
  readonly page: Page;
  readonly measures: VisitMeasures;
  readonly layoutShift: number;
  /** Of the HTML: paths of the page's scripts and styles. */
  readonly firstScripts: readonly string[];
}

async function visit(page: Page, url: string, name: string): Promise<Visited> {
  let loads = 0;
  page.on("request", (request) => {
    if (request.isNavigationRequest()) loads++;
  });
  const clickedMs = Date.now();
  await page.goto(url);
  await page.getByTestId("start").click();
  await page.waitForFunction(() => (window.playground?.snapshot().backend ?? null) !== null, null, {
    timeout: limitMs,
  });
  const backendMs = Date.now() - clickedMs;
  await page.waitForFunction(() => window.pageWatch?.firstEventMs["pictures"] !== undefined, null, {
    timeout: limitMs,
  });
  const seen = await page.evaluate(() => ({
    originMs: performance.timeOrigin,
    firstPaintMs: window.pageWatch!.firstPaintMs,
    usableMs: window.pageWatch!.interactiveMs,
    movingMs: window.pageWatch!.firstEventMs["pictures"]!,
    layoutShift: window.pageWatch!.layoutShift,
    firstScripts: Array.from(
      document.querySelectorAll("head script[src], head link[rel=modulepreload], head link[rel=stylesheet]"),
      (element) =>
        new URL(element.getAttribute("src") ?? element.getAttribute("href") ?? "", location.href).pathname,
    ),
  }));
  const since = (ms: number | null): number | null => (ms === null ? null : seen.originMs + ms - clickedMs);
  return {
    page,
    measures: {
      name,
      firstPaintMs: since(seen.firstPaintMs),
      usableMs: since(seen.usableMs),
      backendMs,
      movingMs: since(seen.movingMs)!,
      reloads: loads - 1,
    },
    layoutShift: seen.layoutShift,
    firstScripts: seen.firstScripts,
  };
}

async function watchRun(browser: Browser, page: Page): Promise<Measures["run"]> {
  await browser.startTracing(page, { categories: traceCategories });
  await page.waitForTimeout(runMs);
  const trace = await browser.stopTracing();
  const { traceEvents } = JSON.parse(trace.toString("utf8")) as { traceEvents: TraceEvent[] };
  const turns = mainTasks(traceEvents, 1).map(({ wallMs }) => wallMs);
  return {
    ms: runMs,
    blockedMs: turns.reduce((total, ms) => total + Math.max(0, ms - unfeltMs), 0),
    longestMs: Math.max(0, ...turns),
  };
}

async function untilKept(page: Page): Promise<void> {
  await page.getByTestId("backend-badge").click();
  await page
    .getByTestId("kept-on-machine")
    .filter({ hasText: "opens without a network" })
    .waitFor({ timeout: limitMs });
}

function isOfPage(path: string, firstScripts: readonly string[]): boolean {
  return path === mount || firstScripts.includes(path);
}

function sum(sent: readonly { readonly bytes: number }[]): number {
  return sent.reduce((total, { bytes }) => total + bytes, 0);
}
