import type { MetricRows } from "./metrics.ts";
import type { RunFile } from "./runFile.ts";
import type { TeacherRecipe } from "./teacher.ts";

/** A run as it is kept on the visitor's machine: what `run.json` says of it, and what the visitor does. */
export interface KeptRun {
  readonly format: "disco-playground-kept-run";
  readonly formatVersion: 1;
  readonly runId: string;
  /** From its configuration, or the visitor's own. */
  readonly name: string;
  readonly note: string;
  readonly starred: boolean;
  /** ISO 8601. */
  readonly startedAt: string;
  /** Part of an ablation, rather than started by hand. */
  readonly ablation: boolean;
  /** As it was said last; empty when nothing was. */
  readonly verdict: string;
  readonly run: RunFile;
}

/** A checkpoint as a list of runs tells of it. */
export interface KeptCheckpoint {
  readonly step: number;
  readonly totalSteps: number;
  readonly savedAt: string;
  readonly dataFingerprint: string;
  readonly teacherHash: string | null;
}

/** A run of the list. */
export interface KeptRunEntry {
  readonly record: KeptRun;
  /** From which it can go on; null without. */
  readonly checkpoint: KeptCheckpoint | null;
  /** Another tab is at it. */
  readonly isElsewhere: boolean;
  readonly hasStudent: boolean;
  /** Of everything kept of it alone. */
  readonly bytes: number;
}

export interface KeptList {
  /** The oldest first. */
  readonly runs: readonly KeptRunEntry[];
  /** Sets of images that are kept, by their fingerprints. */
  readonly images: readonly string[];
  /** Teachers' files that are kept, by their hashes. */
  readonly teachers: readonly string[];
  readonly place: "disk" | "memory";
}

/** What of a run is not in its record. */
export interface KeptNumbers {
  readonly metrics: MetricRows;
  /** `student.safetensors`, head included; null when it is not kept. */
  readonly student: Uint8Array<ArrayBuffer> | null;
}

export interface KeptTeacher {
  readonly files: readonly File[];
  readonly recipe?: TeacherRecipe;
}
