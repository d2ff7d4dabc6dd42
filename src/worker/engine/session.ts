import type { BackendReport } from "../../contract/backend.ts";
import { AppError } from "../../contract/errors.ts";
import type { EngineEvent, MemoryReport, TeacherSource } from "../../contract/protocol.ts";
import { ReadOnce } from "../../lib/readOnce.ts";
import type { Progress } from "../../lib/slices.ts";
import type { ImageStore } from "../../ml/data/imageStore.ts";
import type { Teacher } from "../../ml/teachers/teacher.ts";
import * as tf from "../../ml/tfjs/tf.ts";
import { MemoryFiles } from "../kept/fileStore.ts";
import { KeptRuns } from "../kept/keptRuns.ts";
import { EmbeddingCache } from "../teacher/embeddingCache.ts";
import { DemoSet } from "./demoSet.ts";
import type { EngineSurroundings } from "./surroundings.ts";
import type { TrainingRun } from "./trainingRun.ts";

/** A teacher that is loaded. */
interface LoadedTeacher {
  readonly teacher: Teacher;
  /** Of everything its embeddings depend on; worked out while the visitor looks at it, null where there is none. */
  readonly hash: Promise<string | null>;
  /** What it was loaded from. */
  readonly source: TeacherSource;
}

/** A run that has begun, and what is to be let go of with it. */
export interface HeldRun {
  readonly run: TrainingRun;
  dispose(): void;
}

/** What the engine holds at a time: backend, images, teacher, run. Whoever changes one lets go of what rests on it. */
export class Session {
  backend: BackendReport | null = null;
  images: ImageStore | null = null;
  /** The teacher's, of plain images. */
  readonly embeddings: EmbeddingCache;
  readonly demo = new DemoSet();
  readonly bundledTeacher: ReadOnce;
  /** Opened when it is first asked for. */
  private keptRuns: Promise<KeptRuns> | null = null;
  private loaded: LoadedTeacher | null = null;
  private held: HeldRun | null = null;
  private readonly listeners = new Set<(event: EngineEvent) => void>();

  constructor(readonly surroundings: EngineSurroundings) {
    this.embeddings = new EmbeddingCache(
      surroundings.readDemoEmbeddings ?? (async () => null),
      surroundings.openEmbeddingStore ?? (async () => null),
    );
    this.bundledTeacher = new ReadOnce(surroundings.readBundledTeacher);
  }

  readonly emit = (event: EngineEvent): void => {
    for (const listener of [...this.listeners]) listener(event);
  };

  readonly report = (progress: Progress): void => this.emit({ type: "progress", ...progress });

  subscribe(listener: (event: EngineEvent) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** What is kept of runs on this machine. */
  get kept(): Promise<KeptRuns> {
    const { openKeptFiles = async () => new MemoryFiles() } = this.surroundings;
    this.keptRuns ??= openKeptFiles().then((files) => new KeptRuns(files));
    return this.keptRuns;
  }

  get teacher(): LoadedTeacher | null {
    return this.loaded;
  }

  /** The run there is, or was. */
  get run(): TrainingRun | null {
    return this.held?.run ?? null;
  }

  get isRunGoing(): boolean {
    return this.run !== null && !this.run.isOver;
  }

  useTeacher(loaded: LoadedTeacher): void {
    this.dropTeacher();
    this.loaded = loaded;
  }

  useRun(held: HeldRun): void {
    this.held = held;
  }

  forgetRun(): void {
    this.held?.dispose();
    this.held = null;
  }

  /** And the run that learns from it. */
  dropTeacher(): void {
    this.forgetRun();
    this.loaded?.teacher.dispose();
    this.loaded = null;
    this.embeddings.forget();
  }

  requireBackend(): BackendReport {
    if (this.backend === null) throw new AppError("backend-unavailable", "No backend has been opened yet");
    return this.backend;
  }

  requireImages(): ImageStore {
    if (this.images === null)
      throw new AppError("not-found", "No images are loaded", { hint: "Drop a folder or use the demo." });
    return this.images;
  }

  /** The current or last run. */
  runInMemory(runId: string): TrainingRun {
    const { run } = this;
    if (run?.runId !== runId) throw new AppError("not-found", "That run's weights are no longer in memory");
    return run;
  }

  currentRun(runId: string): TrainingRun {
    const { run } = this;
    if (run === null || run.isOver || run.runId !== runId)
      throw new AppError("not-found", "That run is over");
    return run;
  }

  refuseDuringRun(what: string): void {
    if (!this.isRunGoing) return;
    throw new AppError("busy", `A run is going; it is not possible to ${what} now`, {
      hint: "Stop the run first.",
    });
  }

  readonly memory = (): MemoryReport => {
    const { numTensors, numBytes } = tf.memory();
    return { tensors: numTensors, tensorBytes: numBytes, imageBytes: this.images?.bytes ?? 0 };
  };
}
