import type { ConfigPatch } from "../../../contract/config.ts";
import type { Evaluation, EvaluationBaseline } from "../../../contract/metrics.ts";
import type { RunEnd, RunPlan } from "../../../contract/protocol.ts";
import type { VerdictKind } from "../verdict.ts";

/** One thing the engine told: a step's metrics (without the clock's), an evaluation, the fixed lines. */
export interface RecordedMoment {
  /** As `metricColumns`, up to the learning rate; null where a value was not finite. */
  readonly row?: readonly (number | null)[];
  readonly evaluation?: Evaluation;
  readonly baseline?: EvaluationBaseline;
}

/** A run that was really trained, and what a person says of it (`npm run verdicts -- --record`). */
export interface Recording {
  readonly name: string;
  readonly set: "tune" | "held";
  readonly healthy: boolean;
  readonly early: readonly VerdictKind[];
  readonly late: readonly VerdictKind[];
  readonly reason: string;
  readonly images: { readonly count: number; readonly labelled: boolean } | null;
  /** Against the defaults. */
  readonly config: ConfigPatch;
  /** Its configuration left out; null of a run that was refused. */
  readonly plan: (Omit<RunPlan, "config"> & { readonly config: null }) | null;
  /** In the order in which they came. */
  readonly moments: readonly RecordedMoment[];
  readonly end: RunEnd;
}
