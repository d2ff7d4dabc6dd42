import { toWire } from "../../contract/errors.ts";
import type { Engine, TeacherSource } from "../../contract/protocol.ts";
import { patchConfig } from "../stores/configStore.ts";
import { notifyError } from "../stores/noticeStore.ts";
import { teacherStore } from "../stores/teacherStore.ts";

/**
 * Lets the engine read a teacher. Its card, or why it was refused, ends up in `teacherStore`.
 *
 * @throws AppError what the engine refuses it for; the teacher panel shows it too.
 */
export async function loadTeacher(engine: Engine, source: TeacherSource): Promise<void> {
  const offered = source.kind === "bundled" ? "the bundled teacher" : nameOf(source.files);
  teacherStore.setState({ status: "loading", card: null, offered, error: null });
  try {
    const card = await engine.request("loadTeacher", source);
    lastSource = source;
    teacherStore.setState({ status: "ready", card });
  } catch (error) {
    teacherStore.setState({ status: "refused", error: toWire(error) });
    throw error;
  }
}

let lastSource: TeacherSource | null = null;

/** After a switch of backend, which drops the teacher: loads again what was loaded. */
export async function reloadTeacher(engine: Engine): Promise<void> {
  if (teacherStore.getState().status !== "ready" || lastSource === null) return;
  try {
    await loadTeacher(engine, lastSource);
  } catch (error) {
    notifyError(error);
  }
}

/** Files the visitor gave: they become the teacher at once, or the panel says why not. */
export async function offerTeacherFiles(engine: Engine, files: readonly File[]): Promise<void> {
  if (files.length === 0) return;
  patchConfig({ teacher: "own" });
  try {
    await loadTeacher(engine, { kind: "files", files });
  } catch {
    // Shown in the panel, next to where the files were dropped.
  }
}

/** Bundled, own or none, as chosen in the panel. The bundled one is read at once so that its card shows. */
export async function chooseTeacher(engine: Engine, teacher: "bundled" | "own" | "none"): Promise<void> {
  patchConfig({ teacher });
  const { status, card } = teacherStore.getState();
  const holdsWanted = status === "ready" && (card?.source === "bundled") === (teacher === "bundled");
  if (teacher !== "none" && holdsWanted) return;
  try {
    if (status !== "none") {
      await engine.request("dropTeacher", null);
      teacherStore.setState(teacherStore.getInitialState(), true);
    }
    if (teacher === "bundled") await loadTeacher(engine, { kind: "bundled" });
  } catch (error) {
    if (teacherStore.getState().status !== "refused") notifyError(error);
  }
}

function nameOf(files: readonly File[]): string {
  const first = files[0]?.name ?? "";
  return files.length === 1 ? first : `${first} and ${files.length - 1} more`;
}
