import { createStore } from "zustand/vanilla";
import type { ErrorWire } from "../../contract/errors.ts";
import type { TeacherCard } from "../../contract/teacher.ts";

interface TeacherState {
  readonly status: "none" | "loading" | "ready" | "refused";
  /** What the engine holds now; null unless `ready`. */
  readonly card: TeacherCard | null;
  /** What the visitor offered last: the bundled teacher, or the names of files. */
  readonly offered: string;
  /** Why it was refused. */
  readonly error: ErrorWire | null;
}

export const teacherStore = createStore<TeacherState>(() => ({
  status: "none",
  card: null,
  offered: "",
  error: null,
}));
