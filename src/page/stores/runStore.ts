import { createStore } from "zustand/vanilla";
import type { Config, ConfigPatch } from "../../contract/config.ts";
import type { Evaluation, EvaluationBaseline } from "../../contract/metrics.ts";
import type { RunEnd, RunPlan, RunState } from "../../contract/protocol.ts";

/**
 * The current run, or the last one. Nothing here changes with every step: losses and throughput live in
 * `plots/metricLog.ts`.
 */
interface CurrentRun {
  /** Empty before the first run. */
  readonly runId: string;
  readonly state: RunState | "idle";
  /** As of the last change of state, so exact when paused or ended. */
  readonly step: number;
  /** What it was started with, live changes included. */
  readonly config: Config | null;
  readonly plan: RunPlan | null;
  readonly baseline: EvaluationBaseline | null;
  readonly evaluations: readonly Evaluation[];
  readonly end: RunEnd | null;
  /** Live changes in order, for the run file. */
  readonly adjustments: readonly { readonly step: number; readonly patch: ConfigPatch }[];
}

const noRun: CurrentRun = {
  runId: "",
  state: "idle",
  step: 0,
  config: null,
  plan: null,
  baseline: null,
  evaluations: [],
  end: null,
  adjustments: [],
};

export const runStore = createStore<CurrentRun>(() => noRun);

/** Makes `runId` the current run; whatever is known of another is forgotten here (see `runHistory`). */
export function beginRun(runId: string, config: Config): void {
  runStore.setState({ ...noRun, runId, config, state: "starting" }, true);
}

export function runIsGoing(): boolean {
  const { state } = runStore.getState();
  return state === "starting" || state === "running" || state === "paused";
}
