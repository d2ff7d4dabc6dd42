/**
 * How the page itself behaves during a run of the default demo: `npm run measure-page`. First paint, layout shift, and
 * every task of the main thread that took more than 50 ms after loading, with what ran in it. On a machine at rest.
 */
import { parseArgs } from "node:util";
import { chromium } from "playwright";
import type {} from "../src/page/shell/automation.ts"; // window.playground
import { chromiumLaunchOptions, ensureChromium } from "./browser.ts";
import { buildSiteIfStale, distFolder } from "./build.ts";
import { serveSite } from "./serve.ts";

const { values } = parseArgs({
  options: {
    width: { type: "string", default: "1440" },
    height: { type: "string", default: "900" },
    /** A link's part after "#". */
    link: { type: "string", default: "" },
  },
});

/** Chromium's report of a frame that took more than 50 ms. */
interface LongFrame extends PerformanceEntry {
  readonly scripts: readonly {
    readonly invoker: string;
    readonly duration: number;
    readonly sourceURL: string;
    readonly sourceFunctionName: string;
    readonly sourceCharPosition: number;
    readonly forcedStyleAndLayoutDuration: number;
  }[];
  readonly renderStart: number;
  readonly styleAndLayoutStart: number;
}

interface Seen {
  readonly tasks: { readonly startMs: number; readonly ms: number }[];
  readonly frames: { readonly startMs: number; readonly ms: number; readonly what: string }[];
  readonly shifts: { readonly startMs: number; readonly value: number }[];
}

ensureChromium();
await buildSiteIfStale();
const site = await serveSite({ folder: distFolder });
const browser = await chromium.launch(chromiumLaunchOptions({ webgpu: "hardware" }));
try {
  const page = await browser.newPage({
    viewport: { width: Number(values.width), height: Number(values.height) },
  });
  await page.addInitScript(() => {
    const seen: Seen = { tasks: [], frames: [], shifts: [] };
    Object.assign(window, { seen });
    const watch = (type: string, take: (entry: PerformanceEntry) => void): void =>
      new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true });
    watch("longtask", ({ startTime, duration }) => seen.tasks.push({ startMs: startTime, ms: duration }));
    watch("layout-shift", (entry) => {
      const { value, hadRecentInput } = entry as PerformanceEntry & {
        value: number;
        hadRecentInput: boolean;
      };
      if (!hadRecentInput) seen.shifts.push({ startMs: entry.startTime, value });
    });
    watch("long-animation-frame", (entry) => {
      const { scripts, startTime, duration, styleAndLayoutStart } = entry as LongFrame;
      const layoutMs = styleAndLayoutStart === 0 ? 0 : startTime + duration - styleAndLayoutStart;
      const what = scripts.map(
        (script) =>
          `${script.invoker} ${script.sourceFunctionName || "(anonymous)"} ${script.sourceURL.split("/").at(-1)}:${script.sourceCharPosition} ${script.duration.toFixed(0)} ms` +
          (script.forcedStyleAndLayoutDuration > 1
            ? ` (layout ${script.forcedStyleAndLayoutDuration.toFixed(0)})`
            : ""),
      );
      seen.frames.push({
        startMs: startTime,
        ms: duration,
        what: [...what, `style and layout ${layoutMs.toFixed(0)} ms`].join("; "),
      });
    });
  });
  await page.goto(values.link === "" ? site.url : `${site.url}#${values.link}`);
  await page.waitForFunction(() => (window.playground?.snapshot().dataset ?? null) !== null);
  await page.waitForFunction(
    () => document.querySelector('[data-testid="right-teacher"]')?.textContent !== "",
    undefined,
    { timeout: 60_000 },
  );
  await page.waitForTimeout(2000);
  const loadedMs = await page.evaluate(() => performance.now());
  const firstPaintMs = await page.evaluate(
    () => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? Number.NaN,
  );
  await page.getByTestId("start").click();
  await page.waitForFunction(() => window.playground?.snapshot().run.state === "ended", undefined, {
    timeout: 600_000,
    polling: 1000,
  });
  await page.waitForTimeout(2000);
  const seen = await page.evaluate(() => (window as unknown as { seen: Seen }).seen);
  const snapshot = await page.evaluate(() => window.playground?.snapshot());
  const after = <T extends { readonly startMs: number }>(entries: readonly T[]): readonly T[] =>
    entries.filter(({ startMs }) => startMs > loadedMs);
  const tasks = after(seen.tasks);
  const total = (entries: readonly { readonly value: number }[]): string =>
    entries.reduce((sum, { value }) => sum + value, 0).toFixed(4);
  console.log(`backend ${snapshot?.backend?.chosen}, ${snapshot?.run.step} steps`);
  console.log(`first contentful paint ${firstPaintMs.toFixed(0)} ms`);
  console.log(`layout shift ${total(seen.shifts)} in all, ${total(after(seen.shifts))} after loading`);
  console.log(`tasks over 50 ms while loading: ${seen.tasks.length - tasks.length}`);
  console.log(
    `tasks over 50 ms after loading: ${tasks.length}, longest ${Math.max(0, ...tasks.map(({ ms }) => ms))} ms`,
  );
  for (const { startMs, ms } of tasks) console.log(`  ${(startMs / 1000).toFixed(1)} s: ${ms.toFixed(0)} ms`);
  console.log(`frames over 50 ms after loading: ${after(seen.frames).length}`);
  for (const { startMs, ms, what } of after(seen.frames))
    console.log(`  ${(startMs / 1000).toFixed(1)} s: ${ms.toFixed(0)} ms; ${what}`);
} finally {
  await browser.close();
  await site.close();
}
