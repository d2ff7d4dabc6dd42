import { createStore } from "zustand/vanilla";
import type { ErrorWire } from "../../contract/errors.ts";
import type { TeacherCard, TeacherInspection, TeacherRecipe } from "../../contract/teacher.ts";
import type { WebOrigin } from "../../contract/webOrigin.ts";
import type { Collected } from "../ingest/collectFiles.ts";

/** Files that may become the teacher, looked at before they are used. */
export interface TeacherOffer {
  readonly files: readonly File[];
  /** The same files under their paths, where they came from a folder: pictures among them may become the data. */
  readonly collected: Collected;
  /** For people: one file's name, or the first one's and how many more. */
  readonly name: string;
  /** Of all files together. */
  readonly bytes: number;
  /** Where they were downloaded from; null when they were given as files. */
  readonly origin: WebOrigin | null;
  /** How they are to be used, where that is known already. */
  readonly recipe?: TeacherRecipe | undefined;
  /** Null while they are read. */
  readonly inspection: TeacherInspection | null;
}

interface TeacherState {
  readonly status: "none" | "loading" | "ready";
  /** What the engine holds now; null unless `ready`. */
  readonly card: TeacherCard | null;
  /** Where that was downloaded from; null when it was not. */
  readonly origin: WebOrigin | null;
  /** What the engine was asked to load last: the bundled teacher, or the names of files. */
  readonly asked: string;
  /** Why that failed. */
  readonly error: ErrorWire | null;
  readonly offer: TeacherOffer | null;
}

export const teacherStore = createStore<TeacherState>(() => ({
  status: "none",
  card: null,
  origin: null,
  asked: "",
  error: null,
  offer: null,
}));
