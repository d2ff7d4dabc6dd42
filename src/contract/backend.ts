export type BackendName = "webgpu" | "wasm" | "webgl" | "cpu";
export type BackendChoice = "auto" | BackendName;

/** One way to compute on this machine, and what was found out about it. */
export interface BackendCandidate {
  readonly name: BackendName;
  readonly available: boolean;
  /** "NVIDIA ampere", "SwiftShader (software)", "4 threads, SIMD". */
  readonly adapter: string;
  /** Emulates a GPU on the CPU. Never chosen unasked. */
  readonly software: boolean;
  /** A short training-like probe in GFLOP/s; null if it was not needed. */
  readonly gflops: number | null;
  /** Why it cannot be used, when it cannot. */
  readonly problem?: string;
}

/** What runs, and why: shown in the page and written into `run.json`. */
export interface BackendReport {
  readonly chosen: BackendName;
  readonly adapter: string;
  readonly software: boolean;
  /** A sentence for a person. */
  readonly reason: string;
  /** What to do for a faster one; empty when this is the best there is. */
  readonly advice: string;
  readonly candidates: readonly BackendCandidate[];
  readonly crossOriginIsolated: boolean;
}
