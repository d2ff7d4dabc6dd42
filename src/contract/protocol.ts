/**
 * The one interface between the page and the engine. `Engine` is implemented by the worker proxy
 * (`page/engine/engineClient.ts`) and by the in-process engine (`worker/engine/engine.ts`), which tests drive directly.
 */
import type { BackendChoice, BackendReport } from "./backend.ts";
import type { ClusterRun } from "./clusterExport.ts";
import type { Config, ConfigPatch } from "./config.ts";
import type { DatasetSummary, ImageBlock } from "./dataset.ts";
import type { ErrorWire } from "./errors.ts";
import type { Evaluation, EvaluationBaseline, MetricRows } from "./metrics.ts";
import type { KeptList, KeptNumbers, KeptRun, KeptTeacher } from "./keptRun.ts";
import type { RunEnd, RunPlan } from "./run.ts";
import type { EarlierStudent, NeighbourLists, PictureQuery, StepPictures, StepReplay } from "./sight.ts";
import type { SetEmbeddings, StudentWitness } from "./studentAnswers.ts";
import type { StudentSettings } from "./studentExport.ts";
import type { TeacherCard, TeacherInspection, TeacherRecipe } from "./teacher.ts";

export type { RunEnd, RunPlan };

/** Where a run stands. Exactly one run exists at a time. */
export type RunState = "starting" | "running" | "paused" | "ended";

/** Files as the visitor gave them; the engine works out what they are. */
export type TeacherSource =
  | { readonly kind: "bundled" }
  | { readonly kind: "files"; readonly files: readonly File[]; readonly recipe?: TeacherRecipe };

/** A run that goes on, as it was when its checkpoint was taken. */
export interface ContinuedRun {
  readonly plan: RunPlan;
  /** With the changes made on the way. */
  readonly live: Config;
  readonly step: number;
  readonly metrics: MetricRows;
  readonly baseline: EvaluationBaseline | null;
  readonly evaluations: readonly Evaluation[];
}

/** How the steps of a run are computed. */
export interface RunExecution {
  /** The executor of the student's passes: compiled for the GPU, WASM's whole pass, or layer by layer through tfjs. */
  readonly executor: "compiled" | "wasmPass" | "layerByLayer";
  /** "236 launches, 41 pipelines, 12 MiB", and what is left to tfjs, or why nothing is compiled. */
  readonly details: string;
}

/** What happened to weights and metrics when a run is taken away as files. */
interface ExportedFile {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Request name → what goes in and what comes out. `bytes` in and out are transferred, not copied. */
export interface Requests {
  /** Probes the machine and readies a backend. Repeating it with another choice switches; refused while a run is going. */
  /** With `oneThread` WebAssembly starts no threads: for browsers in which starting them may never end. */
  openBackend: { in: { choice: BackendChoice; oneThread?: boolean }; out: BackendReport };
  /** Forgets the images and makes room for others of this square size. */
  clearImages: { in: { size: number }; out: null };
  addImages: { in: ImageBlock; out: { count: number } };
  /** No more images will come: fixes labels, fingerprint and the train/held-out split's basis. */
  sealImages: { in: { name: string; labels: readonly string[] }; out: DatasetSummary };
  /** Draws the built-in demo set (replaces any images). */
  /**
   * Has the demo set drawn, and what this configuration would learn from it with made ready (the bundled teacher read, the
   * untrained student's neighbours found), before anyone asks for it, so that Start need not wait.
   */
  prepareDemo: { in: { seed: number; count: number; size: number; config: Config }; out: null };
  drawDemo: { in: { seed: number; count: number; size: number }; out: DatasetSummary };
  /** RGBA pixels of some images at `side` × `side`, one after another, for the gallery. */
  thumbnails: {
    in: { indices: readonly number[]; side: number };
    out: { pixels: Uint8ClampedArray<ArrayBuffer>; names: readonly string[]; classes: readonly number[] };
  };
  /** Two augmented views of a picture as the networks would see them, RGBA. */
  previewViews: {
    in: { query: PictureQuery; config: Config; draw: number };
    out: { side: number; views: readonly Uint8ClampedArray<ArrayBuffer>[] };
  };
  /**
   * The nearest images of the set by the untrained student of this configuration, the present one and the teacher. Never
   * waits for a run; what is not known yet is null, and what may become known without a run is then worked out.
   */
  neighbours: { in: { query: PictureQuery; config: Config; count: number }; out: NeighbourLists };
  /**
   * Has an earlier run's student answer for "now" until a run begins, or the present one again.
   *
   * @throws AppError "busy" while a run is going, "teacher-mismatch" when the file is not of these settings.
   */
  lookThrough: { in: { student: EarlierStudent | null }; out: null };
  /** Takes the last step of a paused run apart, for one image of its batch. */
  replayStep: { in: { runId: string }; out: StepReplay };
  /**
   * Looks at files that may become the teacher, and changes nothing. A file that is refused is an answer too. In the
   * page a worker of its own answers (`page/engine/teacherInspector.ts`), which can be ended.
   */
  inspectTeacher: { in: { files: readonly File[] }; out: TeacherInspection };
  loadTeacher: { in: TeacherSource; out: TeacherCard };
  dropTeacher: { in: null; out: null };
  /** Takes a few steps of a student that is thrown away, to see how fast this machine is with these settings and images. */
  probe: { in: { config: Config }; out: { imagesPerSecond: number } };
  /** Begins a run in state "starting" and goes on by itself; progress comes as events. `paused` begins it paused. */
  startRun: {
    in: {
      runId: string;
      config: Config;
      paused: boolean;
      /** Between its checkpoints; nothing of the run is kept when this is left out. */
      keepEveryMs?: number;
    };
    out: RunPlan;
  };
  /**
   * Goes on with a run from its last checkpoint. Images and teacher must be those it began with.
   *
   * `totalSteps` makes it longer; `patch` changes live settings.
   */
  continueRun: {
    in: {
      runId: string;
      paused: boolean;
      keepEveryMs: number;
      totalSteps: number | null;
      patch: ConfigPatch;
    };
    out: ContinuedRun;
  };
  /** Has a checkpoint taken between two steps, as soon as can be; the page may be about to go. */
  keepRun: { in: { runId: string }; out: null };
  /** The runs that are kept on this machine. */
  listKept: { in: null; out: KeptList };
  /** Writes what the page knows of a run, and its student's file where one is given. */
  saveKept: {
    in: {
      record: KeptRun;
      student: Uint8Array<ArrayBuffer> | null;
      /** Of a run that comes from elsewhere; the checkpoint as a run's file, whatever run it names. */
      metrics?: MetricRows;
      checkpoint?: Uint8Array<ArrayBuffer> | null;
    };
    out: null;
  };
  /** What is kept of a run besides its record. */
  readKept: { in: { runId: string }; out: KeptNumbers };
  /** Deletes runs, or no more than what they could go on from. Runs of other tabs stay. */
  deleteKept: { in: { runIds: readonly string[]; only?: "checkpoints" }; out: KeptList };
  /** Puts kept images in place of the present ones; null when they are not kept. */
  useKeptImages: { in: { fingerprint: string }; out: DatasetSummary | null };
  /** A kept teacher's files, to be loaded as any others; null when they are not kept. */
  readKeptTeacher: { in: { hash: string }; out: KeptTeacher | null };
  pauseRun: { in: { runId: string }; out: null };
  resumeRun: { in: { runId: string }; out: null };
  /** One step, then paused again. */
  stepRun: { in: { runId: string }; out: null };
  stopRun: { in: { runId: string }; out: null };
  /** Changes live settings from the next step on; names that are not live are refused. */
  adjustRun: { in: { runId: string; patch: ConfigPatch }; out: null };
  /** The student of the current or last run, torchvision names; `student.safetensors`. */
  exportStudent: { in: { runId: string; withHead: boolean }; out: ExportedFile };
  /** That run with all that PyTorch needs to go on with it. @throws AppError "busy" while it is taking steps. */
  exportForCluster: { in: { runId: string }; out: ClusterRun };
  /** What that student makes of drawn pictures, for exports to be compared with. */
  witnessStudent: { in: { runId: string }; out: StudentWitness };
  /** The same for a student that is kept as a file, head included. */
  witnessFile: { in: { weights: Uint8Array<ArrayBuffer>; settings: StudentSettings }; out: StudentWitness };
  /** What it makes of every image that is loaded. Says progress; a run that is going waits. */
  embedSet: { in: { runId: string }; out: SetEmbeddings };
  /** Tensors, bytes: for the page's footer and for tests. */
  memory: { in: null; out: MemoryReport };
}
export type RequestName = keyof Requests;

export interface MemoryReport {
  readonly tensors: number;
  readonly tensorBytes: number;
  readonly imageBytes: number;
}

/** What the engine says unasked. Those of a run carry its id; late ones of an older run are dropped. */
export type EngineEvent =
  | { readonly type: "progress"; readonly task: string; readonly done: number; readonly total: number }
  | { readonly type: "runState"; readonly runId: string; readonly state: RunState; readonly step: number }
  | { readonly type: "execution"; readonly runId: string; readonly execution: RunExecution }
  | { readonly type: "metrics"; readonly runId: string; readonly rows: MetricRows }
  | { readonly type: "baseline"; readonly runId: string; readonly baseline: EvaluationBaseline }
  | { readonly type: "evaluation"; readonly runId: string; readonly evaluation: Evaluation }
  /** A picture of the present step, a few a second; to be shown, not measured. */
  | { readonly type: "pictures"; readonly runId: string; readonly pictures: StepPictures }
  /** More has become known of what networks see: ask `neighbours` again. */
  | { readonly type: "neighboursChanged" }
  | { readonly type: "runEnded"; readonly runId: string; readonly end: RunEnd; readonly memory: MemoryReport }
  /** What of the run could not be written, and why; it goes on in memory. */
  | { readonly type: "keepingFailed"; readonly runId: string; readonly error: ErrorWire }
  | { readonly type: "backendLost"; readonly error: ErrorWire }
  /** Said by the page's side, of an engine that does not answer: for how long; 0 when it answers again. */
  | { readonly type: "silence"; readonly silentMs: number };

export interface Engine {
  request<K extends RequestName>(name: K, input: Requests[K]["in"]): Promise<Requests[K]["out"]>;
  /** @returns a function that ends the subscription. */
  subscribe(listener: (event: EngineEvent) => void): () => void;
}

/** What crosses the boundary besides requests and their answers. */
export type ToWorker =
  /** Wants an answer, however busy the engine is. */
  | { readonly ping: true }
  /** Holds the lock of this name for as long as the worker lives. */
  | { readonly hold: string };
export type FromWorker =
  { readonly event: EngineEvent } | { readonly pong: true } | { readonly holding: string };

/** What the worker that looks into files offered as teacher is asked, once. */
export type InspectRequests = Pick<Requests, "inspectTeacher">;
