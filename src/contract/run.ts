import type { Config } from "./config.ts";
import type { ErrorWire } from "./errors.ts";

/** How a run ended. None of these is an exception. */
export type RunEnd =
  | { readonly kind: "finished" }
  | { readonly kind: "stopped" }
  | { readonly kind: "diverged"; readonly step: number; readonly message: string; readonly hint: string }
  | { readonly kind: "failed"; readonly error: ErrorWire };

/** What the run will be, worked out before its first step. */
export interface RunPlan {
  readonly runId: string;
  readonly config: Config;
  readonly totalSteps: number;
  readonly stepsPerEpoch: number;
  readonly trainImages: number;
  readonly heldOutImages: number;
  readonly queueSize: number;
  readonly embeddingDim: number;
  /** "PCA of 1280 dimensions to 128, keeps 93 % of the variance"; empty when dimensions agree. */
  readonly projection: string;
  /** What the student's output is matched with, in a sentence; empty when with nothing. */
  readonly matching: string;
  readonly studentParameters: number;
  readonly headParameters: number;
}
