import type { OpJob } from "./opJobs.ts";

export const opContestantNames = ["tfjs-webgpu", "ours-tfjs", "ours-webgpu"] as const;
/**
 * "tfjs-webgpu": tfjs as it comes. "ours-tfjs": the same calls after `improveBackend`, and our BatchNorm.
 * "ours-webgpu": our kernels alone, as the compiled step launches them.
 */
export type OpContestantName = (typeof opContestantNames)[number];

/** One way to compute single operations on WebGPU. Lives in a worker of its own. */
export interface OpContestant {
  /** Makes ready what it computes with. @returns what that is: "tfjs 4.22.0". */
  open(): Promise<string>;
  /** Uploads the arguments, compiles. @returns null where this has no kernel for that. */
  prepare(job: OpJob, inputs: OpArrays): Promise<OpRunner | null>;
}

/** Arguments by the names, and in the shapes, of `opInputs`. */
export type OpArrays = Readonly<
  Record<string, { readonly shape: readonly number[]; readonly data: Float32Array }>
>;

export interface OpRunner {
  /** Computes once more, in place of the last result. May return before it is computed. */
  run(): void;
  /** Waits until every run is computed. A sync point. */
  finish(): Promise<void>;
  /** The last run's results, in the order in which `OpJob` names them and in tfjs's layouts. */
  results(): Promise<Float32Array[]>;
  /** Settings between which only a measurement can choose; the first is in force at the start. */
  readonly variants?: readonly { readonly name: string; use(): void }[];
  dispose(): void;
}
