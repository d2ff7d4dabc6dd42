import type { Engine } from "../../contract/protocol.ts";
import type { TeacherRecipe } from "../../contract/teacher.ts";
import type { WebOrigin } from "../../contract/webOrigin.ts";
import { collectFromList, type Collected } from "../ingest/collectFiles.ts";
import { configStore, patchConfig } from "../stores/configStore.ts";
import { notifyError } from "../stores/noticeStore.ts";
import { teacherStore, type TeacherOffer } from "../stores/teacherStore.ts";
import { teacherInspector } from "../engine/teacherInspector.ts";
import { loadOwnImages } from "./loadImages.ts";
import { loadTeacher } from "./loadTeacher.ts";
import { coupledPatch } from "./teacherCoupling.ts";
import { nameOfFiles } from "../../lib/nameOfFiles.ts";

interface OfferedFrom {
  /** The same files under their paths in the folder that was dropped. */
  readonly collected?: Collected;
  readonly origin?: WebOrigin | null;
  /** What is known of their use from elsewhere; the visitor may change it. */
  readonly recipe?: TeacherRecipe | undefined;
}

/** Files the visitor gave: they are looked into, and the page shows what they hold before they are used. */
export async function offerTeacherFiles(
  engine: Engine,
  files: readonly File[],
  { origin = null, recipe, collected }: OfferedFrom = {},
): Promise<void> {
  if (files.length === 0) return;
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  const offer: TeacherOffer = {
    files,
    collected: collected ?? collectFromList(files),
    name: nameOfFiles(files),
    bytes,
    origin,
    recipe,
    inspection: null,
  };
  const isCurrent = (): boolean => teacherStore.getState().offer === offer;
  teacherStore.setState({ offer, error: null });
  try {
    const inspection = await engine.request("inspectTeacher", { files });
    if (isCurrent()) teacherStore.setState({ offer: { ...offer, inspection } });
  } catch (error) {
    if (!isCurrent()) return;
    teacherStore.setState({ offer: null });
    notifyError(error);
  }
}

/** The files are not wanted after all, or cannot be used; the teacher stays what it was. */
export function dismissOffer(): void {
  teacherInspector.cancel();
  teacherStore.setState({ offer: null });
}

/** The files are pictures: they become the data, with the labels of their folders. */
export async function readOfferAsData(engine: Engine): Promise<void> {
  const { offer } = teacherStore.getState();
  if (offer === null) return;
  teacherStore.setState({ offer: null });
  await loadOwnImages(engine, offer.collected, offer.origin);
}

/** The files become the teacher. If the engine refuses them after all, the former one stays, and the panel says why. */
export async function acceptOffer(engine: Engine, recipe?: TeacherRecipe): Promise<void> {
  const { offer } = teacherStore.getState();
  if (offer === null) return;
  const { teacher: former } = configStore.getState().config;
  teacherStore.setState({ offer: null });
  patchConfig(coupledPatch(configStore.getState().config, { teacher: "own" }));
  try {
    const { files, origin } = offer;
    await loadTeacher(engine, { kind: "files", files, ...(recipe === undefined ? {} : { recipe }) }, origin);
  } catch {
    if (configStore.getState().config.teacher === "own") patchConfig({ teacher: former });
  }
}
