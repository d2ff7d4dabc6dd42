import { createStore } from "zustand/vanilla";
import type { Config } from "../../contract/config.ts";
import type { Evaluation, EvaluationBaseline, MetricName } from "../../contract/metrics.ts";
import type { RunEnd, RunPlan } from "../../contract/protocol.ts";

/** A run that is over, as plain data. */
export interface RunRecord {
  readonly runId: string;
  /** From what its configuration changes against the defaults. */
  readonly name: string;
  readonly config: Config;
  readonly plan: RunPlan | null;
  readonly end: RunEnd;
  readonly baseline: EvaluationBaseline | null;
  readonly evaluations: readonly Evaluation[];
  /** The last row of metrics; null if it ended before its first step. */
  readonly last: Readonly<Record<MetricName, number>> | null;
  readonly datasetName: string;
  /** Of the pictures it learnt from; empty where that is not known. */
  readonly dataFingerprint: string;
  readonly teacherName: string;
  /** Part of an ablation, rather than started by hand. */
  readonly ablation: boolean;
}

interface RunHistoryState {
  readonly runs: readonly RunRecord[];
}

export const runHistory = createStore<RunHistoryState>(() => ({ runs: [] }));

export function rememberRun(record: RunRecord): void {
  runHistory.setState(({ runs }) => ({
    runs: [...runs.filter((run) => run.runId !== record.runId), record],
  }));
}
