import type { ContestantName, Movement } from "../contestants/contestant.ts";
import type { StepJob } from "../stepJobs.ts";

/** What a contestant's worker can be asked, and what it answers. */
export interface WorkerRequests {
  /** First of all: opens the contestant and gives it the job. */
  setUp: { in: { contestant: ContestantName; job: StepJob }; out: SetUpReport };
  /** Runs steps and waits for them; from here on under `variant`, when one is given. */
  run: { in: { steps: number; variant?: string }; out: BlockReport };
  /** How far the state has moved since it was set up. */
  movement: { in: null; out: Movement };
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

export type WorkerRequestName = keyof WorkerRequests;
/** One request as it is posted. */
export type WorkerRequest = {
  [K in WorkerRequestName]: { id: number; name: K; body: WorkerRequests[K]["in"] };
}[WorkerRequestName];
export type WorkerReply = { id: number; result: unknown } | { id: number; problem: string };
