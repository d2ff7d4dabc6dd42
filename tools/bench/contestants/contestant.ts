import type { LaunchTimes } from "../../../src/ml/compiled/plan/profilePlan.ts";
import type { JobData } from "../jobData.ts";

/** The ones that `--json` is keyed by. "pytorch" is the only one outside the browser (`torch/step.py`). */
export const contestantNames = [
  "ours-webgpu",
  "ours-wasm",
  "tfjs-webgpu",
  "jax-js",
  "jax-js-wasm",
  "tfjs-cpu",
  "pytorch",
  // Only when asked for by name: what the compiled step is tested against.
  "ours-webgpu-layers",
] as const;
export type ContestantName = (typeof contestantNames)[number];

/** One way to compute a training step in a browser. Lives in a worker of its own. */
export interface Contestant {
  /** Makes ready what it computes with. @returns what that is: "2 threads, SIMD". */
  open(): Promise<string>;
  setUp(data: JobData): Promise<StepRunner>;
}

/**
 * A job's training step, in this order: the mean student follows the student's parameters → teacher (stored
 * statistics), mean student and student (batch statistics, running ones followed) on the views → loss → SGD on the
 * student → the mean student's embeddings of the second view replace the oldest keys.
 */
export interface StepRunner {
  /** One whole step. May return before it is computed; its loss stays where it is. */
  step(): void | Promise<void>;
  /** Waits until every step is computed (a sync point). @returns the losses since the last call. */
  finish(): Promise<number[]>;
  /** A copy of everything a step changes, in the contestant's own layouts. */
  snapshot(): Promise<Snapshot>;
  /** Where the time of one step goes, where that can be told. A sync point. */
  breakdown?(): Promise<readonly LaunchTimes[]>;
  /** Ways to run that only a measurement can choose between; the first is in force at the start. */
  readonly variants?: readonly Variant[];
}

/** A setting under which the same step may run faster. */
export interface Variant {
  readonly name: string;
  use(): void;
}

export const snapshotParts = [
  "student",
  "studentStatistics",
  "meanStudent",
  "meanStudentStatistics",
  "queue",
] as const;
type SnapshotPart = (typeof snapshotParts)[number];
export type Snapshot = Readonly<Record<SnapshotPart, readonly Float32Array[]>>;
/** How far each part of the state is from where it began, as a Euclidean length: the same in every layout. */
export type Movement = Readonly<Record<SnapshotPart, number>>;
