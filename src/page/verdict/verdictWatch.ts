import { configStore } from "../stores/configStore.ts";
import { runStore } from "../stores/runStore.ts";
import { metricLogOf, onMetrics } from "../metrics/metricArchive.ts";
import { nothingYet, type Verdict, type VerdictFacts } from "./verdictFacts.ts";

/** A verdict is read, not watched: twice a second is plenty. */
const judgeEveryMs = 500;

/** The rules and their words, which the first paint does not need. */
let judgeRun: (facts: VerdictFacts) => Verdict = () => nothingYet;

let verdict: Verdict = nothingYet;
let judgedMs = -Infinity;
let timer: ReturnType<typeof setTimeout> | null = null;
let stops: readonly (() => void)[] = [];
const listeners = new Set<() => void>();

/** The current run's verdict; the same object until something in it changes. */
export function presentVerdict(): Verdict {
  return verdict;
}

/** Judges the current run for as long as anyone listens. @returns a function that ends the subscription. */
export function onVerdict(listener: () => void): () => void {
  if (listeners.size === 0) {
    stops = [runStore.subscribe(judgeSoon), onMetrics(judgeSoon)];
    void loadRules();
  }
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    for (const stop of stops) stop();
    stops = [];
    if (timer !== null) clearTimeout(timer);
    timer = null;
  };
}

async function loadRules(): Promise<void> {
  ({ judgeRun } = await import("./verdict.ts"));
  if (listeners.size > 0) judgeSoon(); // runs may have come and gone unwatched
}

function judgeSoon(): void {
  timer ??= setTimeout(judge, Math.max(0, judgedMs + judgeEveryMs - performance.now()));
}

function judge(): void {
  timer = null;
  judgedMs = performance.now();
  const next = judgePresentRun();
  if (JSON.stringify(next) === JSON.stringify(verdict)) return;
  verdict = next;
  for (const listener of listeners) listener();
}

function judgePresentRun(): Verdict {
  const { runId, config, plan, end, evaluations, baseline } = runStore.getState();
  return judgeRun({
    config: config ?? configStore.getState().config,
    plan,
    end,
    log: metricLogOf(runId),
    evaluations,
    baseline,
  });
}
