import type { BackendName } from "./backend.ts";
import type { Config } from "./config.ts";
import type { Evaluation, EvaluationBaseline } from "./metrics.ts";

/** The state of a stream of random numbers: four 32-bit words. */
type StreamState = readonly [number, number, number, number];

/** What a checkpoint of a run in training says besides its tensors. */
export interface CheckpointFacts {
  readonly format: "disco-playground-checkpoint";
  readonly formatVersion: 1;
  readonly runId: string;
  /** As it was fitted to the images. */
  readonly config: Config;
  /** The same with the changes made on the way, as the next step will use it. */
  readonly live: Config;
  readonly totalSteps: number;
  /** Steps taken. */
  readonly step: number;
  /** Training time so far, pauses excluded. */
  readonly elapsedMs: number;
  /** ISO 8601. */
  readonly savedAt: string;
  readonly backend: BackendName;
  readonly dataFingerprint: string;
  /** Of everything that decides what the teacher says; null without one, or where that is not known. */
  readonly teacherHash: string | null;
  /** How the teacher's embedding is projected, in a sentence; empty without. Its numbers are tensors. */
  readonly projection: string;
  readonly sampler: { readonly epoch: number; readonly batch: number; readonly prng: StreamState };
  readonly streams: {
    readonly augmentation: StreamState;
    readonly choice: StreamState;
    readonly companionAugmentation: StreamState;
  };
  /** Of the method, what is counted. */
  readonly counts: {
    readonly optimiserSteps: number;
    readonly studentBatches: number;
    readonly meanBatches: number;
    readonly queueRows: Readonly<Record<string, number>>;
    readonly prngs: Readonly<Record<string, StreamState>>;
  };
  readonly baseline: EvaluationBaseline | null;
  readonly evaluations: readonly Evaluation[];
}
