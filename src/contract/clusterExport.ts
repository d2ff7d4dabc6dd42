/** A run taken to PyTorch on a cluster: what the engine gives for it, and what the worker that packs `cluster.zip` is given. */
import type { RunFile } from "./runFile.ts";

export interface ClusterRun {
  /** A safetensors file of the run as it stands (`formats/runCheckpoint.ts`). */
  readonly checkpoint: Uint8Array<ArrayBuffer>;
  /** `networks.json`: the student and the teacher layer by layer. */
  readonly networks: string;
  /** The teacher's weights as safetensors; null without one. */
  readonly teacher: Uint8Array<ArrayBuffer> | null;
  /** Names of the images that the student is judged by, which may not train it; none of the demo set. */
  readonly heldOut: readonly string[];
}

export interface ClusterToPack extends ClusterRun {
  /** As `run.json` has it. */
  readonly run: RunFile;
  readonly name: string;
  readonly note: string;
  /** ISO 8601. */
  readonly startedAt: string;
}
