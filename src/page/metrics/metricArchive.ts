import type { MetricRows } from "../../contract/metrics.ts";
import type { MetricLog } from "./metricLog.ts";
import { createMetricLog } from "./metricLog.ts";

/** A run of 1000 steps takes 32 kB, so this many stay in memory. */
const mostLogs = 200;

const logs = new Map<string, MetricLog>();
const listeners = new Set<() => void>();

/** The log of a run, made when first asked for; what was not asked for the longest is forgotten when there are too many. */
export function metricLogOf(runId: string): MetricLog {
  const log = logs.get(runId) ?? createMetricLog();
  logs.delete(runId);
  logs.set(runId, log);
  const oldest = logs.keys().next().value;
  if (logs.size > mostLogs && oldest !== undefined) logs.delete(oldest);
  return log;
}

export function hasMetricLog(runId: string): boolean {
  return (logs.get(runId)?.length ?? 0) > 0;
}

/** What is known of a run, in place of what was here. */
export function replaceMetricLog(runId: string, rows: MetricRows): void {
  logs.delete(runId);
  metricLogOf(runId).append(rows);
}

/** Tells those who draw that something changed; they decide when to look. */
export function announceMetrics(): void {
  for (const listener of listeners) listener();
}

export function onMetrics(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}
