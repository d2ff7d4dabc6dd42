import type { EngineEvent, FromWorker } from "../../../src/contract/protocol.ts";
import type { LoggedEvent } from "./runGaps.ts";

/** What the page tells of itself; times since it was asked for. */
interface PageWatch {
  /** Shifts of what was in sight already, summed up as browsers do it (CLS); 0 = nothing moved. */
  layoutShift: number;
  firstPaintMs: number | null;
  firstContentfulPaintMs: number | null;
  /** The page's controls are there and answer. */
  interactiveMs: number | null;
  /** A script asked for the engine's worker. */
  engineAskedMs: number | null;
  /** Of events of the engine, by type, the first. */
  readonly firstEventMs: Record<string, number>;
  /** All events of the engine. */
  readonly events: LoggedEvent[];
  /** When Start was last clicked. */
  startClickedMs: number | null;
  /**
   * As if the run had taken so many more steps before those to come: rows of metrics come in by the way of the
   * engine's own.
   */
  addSteps(count: number): void;
}

declare global {
  interface Window {
    pageWatch?: PageWatch;
  }
}

/** The script that watches a page, to run before the page's own. */
export function watchPageScript(columns: readonly string[]): string {
  // tsx gives functions their names by a helper, which the page does not have.
  return `{ const __name = (f) => f; (${watchPage.toString()})(${JSON.stringify(columns)}); }`;
}

/** Self-contained, as its text is what the browser gets. */
function watchPage(columns: readonly string[]): void {
  let engine: Worker | null = null;
  let stepsBefore = 0;
  const msPerStep = 50;
  const watch: PageWatch = {
    layoutShift: 0,
    firstPaintMs: null,
    firstContentfulPaintMs: null,
    interactiveMs: null,
    engineAskedMs: null,
    firstEventMs: {},
    events: [],
    startClickedMs: null,
    addSteps(count) {
      const run = window.playground!.snapshot().run;
      const rows = new Float32Array(count * columns.length);
      for (let i = 0; i < count; i++) {
        const step = stepsBefore + run.step + i + 1;
        const noise = Math.sin(step * 12.9898) * 0.5 + Math.sin(step * 0.37) * 0.3;
        const decay = Math.exp(-i / 20_000);
        const values: Record<string, number> = {
          step,
          loss: 300 * decay + 20 * noise + 30,
          contrastive: 5 * decay + 0.3 * noise + 1,
          distillation: 2 * decay + 0.2 * noise + 0.5,
          cosine: 1 - decay * 0.8 + 0.1 * noise,
          learningRate: 0.03 * (1 - i / count),
          imagesPerSecond: 600 + 50 * noise,
          elapsedMs: step * msPerStep,
        };
        columns.forEach((name, c) => (rows[i * columns.length + c] = values[name] ?? 0));
      }
      const event: EngineEvent = { type: "metrics", runId: run.runId, rows };
      engine!.dispatchEvent(new MessageEvent("message", { data: { event, made: true } }));
      stepsBefore += count;
    },
  };
  Object.defineProperty(window, "pageWatch", { value: watch });

  const observe = (type: string, take: (entry: PerformanceEntry) => void): void => {
    new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true });
  };
  observe("paint", ({ name, startTime }) => {
    if (name === "first-paint") watch.firstPaintMs = startTime;
    else watch.firstContentfulPaintMs = startTime;
  });
  observe("layout-shift", (entry) => {
    const { value, hadRecentInput } = entry as PerformanceEntry & { value: number; hadRecentInput: boolean };
    if (!hadRecentInput) watch.layoutShift += value;
  });
  const built = new MutationObserver(() => {
    if (document.querySelector("[data-testid=start]") === null) return;
    watch.interactiveMs = performance.now();
    built.disconnect();
  });
  built.observe(document, { childList: true, subtree: true });

  const isStart = (target: EventTarget | null): boolean =>
    target instanceof Element && target.closest("[data-testid=start]") !== null;
  const noteClick = ({ target, timeStamp }: MouseEvent): void => {
    if (isStart(target)) watch.startClickedMs = timeStamp;
  };
  window.addEventListener("click", noteClick, { capture: true });

  const stepsOf = (event: EngineEvent): LoggedEvent["steps"] => {
    if (event.type !== "metrics") return [];
    return Array.from({ length: event.rows.length / columns.length }, (_, row) => ({
      step: event.rows[row * columns.length + columns.indexOf("step")]!,
      elapsedMs: event.rows[row * columns.length + columns.indexOf("elapsedMs")]!,
    }));
  };
  const watchEngine = (worker: Worker): void => {
    watch.engineAskedMs ??= performance.now();
    engine = worker;
    // Before the page's own listener.
    worker.addEventListener("message", ({ data }: MessageEvent<FromWorker & { made?: true }>) => {
      if (!("event" in data)) return;
      const { event } = data;
      const atMs = performance.now();
      watch.firstEventMs[event.type] ??= atMs;
      if (data.made !== true) {
        const task = event.type === "progress" ? event.task : "";
        watch.events.push({ type: event.type, atMs, task, steps: stepsOf(event) });
      }
      if (event.type !== "metrics" || data.made === true) return;
      for (let at = 0; at < event.rows.length; at += columns.length) {
        event.rows[at]! += stepsBefore; // the first column
        event.rows[at + columns.length - 1]! += stepsBefore * msPerStep; // the last
      }
    });
  };
  window.Worker = class extends Worker {
    constructor(address: string | URL, options?: WorkerOptions) {
      super(address, options);
      if (options?.name === "engine") watchEngine(this);
    }
  };
}
