import { createStore } from "zustand/vanilla";
import type { Config, ConfigPatch } from "../../contract/config.ts";
import { methods } from "../../contract/methods.ts";
import type { Evaluation, EvaluationBaseline } from "../../contract/metrics.ts";
import type { RunEnd, RunExecution, RunPlan, RunState } from "../../contract/protocol.ts";

/**
 * The current run, or the last one. Nothing here changes with every step: losses and throughput live in
 * `metrics/metricArchive.ts`.
 */
export interface CurrentRun {
  /** Empty before the first run. */
  readonly runId: string;
  readonly state: RunState | "idle";
  /** As of the last change of state, so exact when paused or ended. */
  readonly step: number;
  /** What it was started with, live changes included. */
  readonly config: Config | null;
  readonly plan: RunPlan | null;
  /** How its steps are computed; known when they are about to begin. */
  readonly execution: RunExecution | null;
  readonly baseline: EvaluationBaseline | null;
  readonly evaluations: readonly Evaluation[];
  readonly end: RunEnd | null;
  /** Live changes, in order. */
  readonly adjustments: readonly Adjustment[];
}

/** Settings changed while the run was going, from the step after `step` on. */
interface Adjustment {
  readonly step: number;
  readonly patch: ConfigPatch;
}

interface RunStoreState extends CurrentRun {
  /** What is being done before a run can start ("drawing the demo images"); empty when nothing is. */
  readonly preparing: string;
}

const noRun: CurrentRun = {
  runId: "",
  state: "idle",
  step: 0,
  config: null,
  plan: null,
  execution: null,
  baseline: null,
  evaluations: [],
  end: null,
  adjustments: [],
};

export const runStore = createStore<RunStoreState>(() => ({ ...noRun, preparing: "" }));

/** Makes `runId` the current run; whatever is known of another is forgotten here (see `runHistory`). */
export function beginRun(runId: string, config: Config): void {
  runStore.setState({ ...noRun, runId, config, state: "starting" });
}

export function runIsGoing(run: CurrentRun = runStore.getState()): boolean {
  return run.state === "starting" || run.state === "running" || run.state === "paused";
}

/** Whether a run of this configuration learns from a teacher. */
export function hasTeacher(config: Config): boolean {
  return methods[config.method].usesTeacher;
}

/** Going, or about to. */
export function runIsBusy(run: RunStoreState = runStore.getState()): boolean {
  return run.preparing !== "" || runIsGoing(run);
}
