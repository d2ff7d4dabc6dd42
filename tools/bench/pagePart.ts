import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { benchSiteFolder, withBuiltPage } from "./benchSite.ts";
import { formatTable } from "./formatTable.ts";
import { SourcePlaces } from "./site/sourcePlaces.ts";
import type { MainTask } from "./site/trace.ts";
import { visitPage, type Visit, type VisitTimes } from "./site/visit.ts";

/** What the page asks of a visitor's machine. */
export interface PageReport {
  readonly times: VisitTimes;
  /** Of what the page itself needs, without the engine's worker; gzip. */
  readonly initialScriptBytes: number;
  readonly stages: readonly StageReport[];
}

interface StageReport {
  readonly name: string;
  readonly seconds: number;
  /** Trained on, while nothing else was asked of the engine; null where it did not train. */
  readonly imagesPerSecond: number | null;
  /** Processor time of the main thread, as share of the time; tasks under a millisecond left out. */
  readonly busyShare: number;
  readonly longestMs: number;
  readonly longestCpuMs: number;
  /** Over the limit, by the clock and by processor time. */
  readonly overLimit: number;
  readonly overLimitCpu: number;
  readonly worst: readonly TaskReport[];
}

interface TaskReport {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly startMs: number;
  /** "Layout 31 ms". */
  readonly work: readonly string[];
  /** "src/page/plots/lineChart.ts:120 ×14": where the profiler found it, about once a millisecond. */
  readonly places: readonly string[];
}

/** No turn of the main thread's event loop should take longer, or the page feels stuck. */
const limitMs = 50;
const mostWorst = 3;

/** Builds the page, visits it as people do, and tells what its main thread did. */
export async function benchPage(log: (line: string) => void): Promise<PageReport> {
  return withBuiltPage(async (browser, url) => {
    const visit = await visitPage(browser, url, log);
    return summarise(visit, new SourcePlaces(join(benchSiteFolder, "assets")));
  });
}

function summarise({ times, stages }: Visit, sources: SourcePlaces): PageReport {
  return {
    times,
    initialScriptBytes: initialScriptBytes(benchSiteFolder),
    stages: stages.map(({ name, seconds, tasks, imagesPerSecond }) => {
      const longest = [...tasks].sort((a, b) => b.wallMs - a.wallMs);
      return {
        name,
        seconds,
        imagesPerSecond,
        busyShare: tasks.reduce((sum, { cpuMs }) => sum + cpuMs, 0) / (1000 * seconds),
        longestMs: longest[0]?.wallMs ?? 0,
        longestCpuMs: Math.max(0, ...tasks.map(({ cpuMs }) => cpuMs)),
        overLimit: tasks.filter(({ wallMs }) => wallMs > limitMs).length,
        overLimitCpu: tasks.filter(({ cpuMs }) => cpuMs > limitMs).length,
        worst: longest.slice(0, mostWorst).map((task) => describeTask(task, sources)),
      };
    }),
  };
}

function describeTask({ wallMs, cpuMs, startMs, work, places }: MainTask, sources: SourcePlaces): TaskReport {
  return {
    wallMs,
    cpuMs,
    startMs,
    work: work.map(({ name, ms }) => `${name} ${ms.toFixed(0)} ms`),
    places: places.map(({ place, samples }) => `${sources.describe(place)} ×${samples}`),
  };
}

/** Of all scripts that index.html names, each compressed by itself. */
function initialScriptBytes(folder: string): number {
  const html = readFileSync(join(folder, "index.html"), "utf8");
  const scripts = readdirSync(join(folder, "assets")).filter(
    (name) => name.endsWith(".js") && html.includes(name),
  );
  return scripts.reduce((sum, name) => sum + gzipSync(readFileSync(join(folder, "assets", name))).length, 0);
}

export function formatPage({ times, initialScriptBytes: bytes, stages }: PageReport): string {
  const ms = (value: number | null): string => (value === null ? "–" : `${value.toFixed(0)} ms`);
  const lines = [
    `scripts of the page ${(bytes / 1000).toFixed(1)} kB (gzip); layout shift ${times.layoutShift.toFixed(3)}`,
    `first contentful paint ${ms(times.firstContentfulPaintMs)}, controls ${ms(times.interactiveMs)}, engine asked for ${ms(times.engineAskedMs)}, backend (${times.backend}) ${ms(times.backendMs)}`,
    `from Start to the first loss ${ms(times.firstLossMs)}, to the first evaluation ${ms(times.firstEvaluationMs)}`,
  ];
  const table = formatTable(
    [
      "stage",
      "s",
      "images/s",
      "main thread busy",
      "longest ms",
      "of processor",
      `> ${limitMs} ms`,
      "of processor",
    ],
    stages.map((stage) => [
      stage.name,
      stage.seconds.toFixed(1),
      stage.imagesPerSecond?.toFixed(0) ?? "–",
      `${(100 * stage.busyShare).toFixed(1)} %`,
      stage.longestMs.toFixed(0),
      stage.longestCpuMs.toFixed(0),
      String(stage.overLimit),
      String(stage.overLimitCpu),
    ]),
  );
  const worst = stages.flatMap(({ name, worst }) =>
    worst.map(
      ({ wallMs, cpuMs, startMs, work, places }) =>
        `${name}, ${wallMs.toFixed(0)} ms (processor ${cpuMs.toFixed(0)}) at ${(startMs / 1000).toFixed(1)} s: ${work.join(", ")}; ${places.join(", ")}`,
    ),
  );
  return [...lines, "", table, "", ...worst].join("\n");
}

/** Processor time decides: by the clock, other programs count too. */
export function pageIsSound({ stages }: PageReport): boolean {
  return stages.every(({ overLimitCpu }) => overLimitCpu === 0);
}
