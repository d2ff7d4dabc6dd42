import { toWire } from "../../contract/errors.ts";
import type { Engine, TeacherSource } from "../../contract/protocol.ts";
import type { WebOrigin } from "../../contract/webOrigin.ts";
import { configStore, patchConfig } from "../stores/configStore.ts";
import { notifyError } from "../stores/noticeStore.ts";
import { teacherStore } from "../stores/teacherStore.ts";
import { nameOfFiles } from "../../lib/nameOfFiles.ts";
import { coupledPatch } from "./teacherCoupling.ts";

/** What it is called where the name of a file would stand. */
export const bundledTeacher = "the bundled teacher";

/**
 * Lets the engine load a teacher. Its card, or why it was refused, ends up in `teacherStore`; a refusal leaves the
 * former teacher in place, in the engine as here.
 *
 * @param origin where the files were downloaded from.
 * @throws AppError what the engine refuses it for; the teacher panel shows it too.
 */
export async function loadTeacher(
  engine: Engine,
  source: TeacherSource,
  origin: WebOrigin | null = null,
): Promise<void> {
  const { card: former } = teacherStore.getState();
  const asked = source.kind === "bundled" ? bundledTeacher : nameOfFiles(source.files);
  teacherStore.setState({ status: "loading", card: null, asked, error: null });
  try {
    const card = await engine.request("loadTeacher", source);
    [lastSource, lastOrigin] = [source, origin];
    teacherStore.setState({ status: "ready", card, origin });
  } catch (error) {
    // An engine that was restarted meanwhile holds nothing any more.
    const isStillAsked = teacherStore.getState().status === "loading";
    if (isStillAsked) teacherStore.setState({ ...holding(former), error: toWire(error) });
    throw error;
  }
}

let lastSource: TeacherSource | null = null;
let lastOrigin: WebOrigin | null = null;

/** After a switch of backend, which drops the teacher: loads again what was loaded. */
export async function reloadTeacher(engine: Engine): Promise<void> {
  if (teacherStore.getState().status !== "ready" || lastSource === null) return;
  teacherStore.setState(holding(null));
  try {
    await loadTeacher(engine, lastSource, teacherStore.getState().origin);
  } catch (error) {
    notifyError(error);
  }
}

/** Whether a teacher was loaded in this visit. */
export function hasLoadedBefore(): boolean {
  return lastSource !== null;
}

/** @throws as `loadTeacher`. */
export async function loadAsBefore(engine: Engine): Promise<void> {
  if (lastSource !== null) await loadTeacher(engine, lastSource, lastOrigin);
}

/** Bundled, own or none, as chosen in the panel. The bundled one is read at once so that its card shows. */
export async function chooseTeacher(engine: Engine, teacher: "bundled" | "own" | "none"): Promise<void> {
  patchConfig(coupledPatch(configStore.getState().config, { teacher }));
  teacherStore.setState({ error: null });
  const { status, card } = teacherStore.getState();
  const holdsWanted = status === "ready" && (card?.source === "bundled") === (teacher === "bundled");
  if (teacher !== "none" && holdsWanted) return;
  try {
    if (status !== "none") {
      await engine.request("dropTeacher", null);
      teacherStore.setState(holding(null));
    }
    if (teacher === "bundled") await loadTeacher(engine, { kind: "bundled" });
  } catch (error) {
    if (teacherStore.getState().error === null) notifyError(error);
  }
}

type TeacherState = ReturnType<typeof teacherStore.getState>;

function holding(card: TeacherState["card"]): Pick<TeacherState, "status" | "card"> {
  return { status: card === null ? "none" : "ready", card };
}
