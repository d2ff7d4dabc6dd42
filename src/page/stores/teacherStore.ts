import { createStore } from "zustand/vanilla";
import type { ErrorWire } from "../../contract/errors.ts";
import type { TeacherCard, TeacherInspection, TeacherRecipe } from "../../contract/teacher.ts";

/** Files that may become the teacher, looked at before they are used. */
export interface TeacherOffer {
  readonly files: readonly File[];
  /** For people: one file's name, or the first one's and how many more. */
  readonly name: string;
  /** Of all files together. */
  readonly bytes: number;
  /** What is known of its use beside the files, from where they came. */
  readonly recipe?: TeacherRecipe | undefined;
  /** Null while they are read. */
  readonly inspection: TeacherInspection | null;
}

interface TeacherState {
  readonly status: "none" | "loading" | "ready";
  /** What the engine holds now; null unless `ready`. */
  readonly card: TeacherCard | null;
  /** What the engine was asked to load last: the bundled teacher, or the names of files. */
  readonly asked: string;
  /** Why that failed. */
  readonly error: ErrorWire | null;
  readonly offer: TeacherOffer | null;
}

export const teacherStore = createStore<TeacherState>(() => ({
  status: "none",
  card: null,
  asked: "",
  error: null,
  offer: null,
}));
