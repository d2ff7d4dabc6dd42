import type { AugmentContestantName } from "../augment/augmentContestant.ts";
import type { AugmentJob } from "../augment/augmentJob.ts";
import type { MethodName } from "../../../src/contract/methods.ts";
import type { LaunchTimes } from "../../../src/ml/compiled/plan/profilePlan.ts";
import type { ContestantName, Movement } from "../contestants/contestant.ts";
import type { AdapterCeilings } from "../ops/adapterCeilings.ts";
import type { OpContestantName } from "../ops/opContestant.ts";
import type { OpJob } from "../ops/opJobs.ts";
import type { Sketch } from "../ops/sketch.ts";
import type { StepJob } from "../stepJobs.ts";

/** What each kind of worker can be asked, and what it answers. */
export interface WorkerRequests {
  step: StepRequests;
  op: OpRequests;
  augment: AugmentRequests;
  objective: ObjectiveRequests;
}
export type WorkerKind = keyof WorkerRequests;

/** A contestant for whole steps. */
export interface StepRequests {
  /** First of all: opens the contestant and gives it the job. */
  setUp: { in: { contestant: ContestantName; job: StepJob }; out: SetUpReport };
  /** Runs steps and waits for them; from here on under `variant`, when one is given. */
  run: { in: { steps: number; variant?: string }; out: BlockReport };
  /** How far the state has moved since it was set up. */
  movement: { in: null; out: Movement };
  /** Where the time of one step goes, kernel by kernel, the longest first; empty where nothing can tell. */
  breakdown: { in: null; out: readonly LaunchTimes[] };
}

export interface SetUpReport {
  /** What computes: "2 threads, SIMD". */
  readonly runsOn: string;
  readonly setUpMs: number;
  /** Names of ways to run, of which the first is in force; empty where there is one only. */
  readonly variants: readonly string[];
}

/** A timed block of steps. */
export interface BlockReport {
  readonly steps: number;
  /** From the first step's start until the last one's result was read. */
  readonly elapsedMs: number;
  /** Of that, until the last step had been issued. */
  readonly issuedMs: number;
  readonly losses: readonly number[];
}

/** A contestant for single operations. */
export interface OpRequests {
  /** First of all. @returns what computes. */
  open: { in: OpContestantName; out: string };
  /** Gets an operation ready under the faster of its settings; null where there is no kernel for it. */
  prepare: { in: OpJob; out: PreparedOp | null };
  /** Runs it so many times and waits. @returns how long that took, in ms. */
  run: { in: number; out: number };
  release: { in: null; out: null };
  /** What the adapter can do at best; needs no contestant. Takes whether it is hardware. */
  ceilings: { in: boolean; out: AdapterCeilings };
}

export interface PreparedOp {
  readonly variant?: string;
  /** Of one run, after those that compiled. */
  readonly runMs: number;
  /** Of each result. */
  readonly sketches: readonly Sketch[];
}

/** Every objective's compiled step. */
export interface ObjectiveRequests {
  /** First of all. @returns what computes. */
  open: { in: null; out: string };
  /** Makes an objective ready, its teacher's targets computed. */
  prepare: { in: { method: MethodName; job: StepJob }; out: PreparedObjective };
  /** Runs so many steps and waits for them. */
  run: { in: { method: MethodName; steps: number }; out: ObjectiveBlock };
}

export interface PreparedObjective {
  /** "251 launches, 65 pipelines, …". */
  readonly details: string;
  readonly setUpMs: number;
}

/** What the GPU was asked to do is per step. */
export interface ObjectiveBlock extends BlockReport {
  /** By tfjs, this project's kernels among its own included. */
  readonly programs: number;
  /** By plans. */
  readonly launches: number;
  readonly submissions: number;
}

/** A contestant for augmentation. */
export interface AugmentRequests {
  /** First of all. */
  prepare: { in: { contestant: AugmentContestantName; job: AugmentJob }; out: PreparedAugmentation };
  /** Renders both views of all images so many times and waits. @returns how long that took, in ms. */
  run: { in: number; out: number };
}

export interface PreparedAugmentation {
  /** Of one run, after that which compiled. */
  readonly runMs: number;
  /** Of the first views and of the second. */
  readonly sketches: readonly Sketch[];
}
