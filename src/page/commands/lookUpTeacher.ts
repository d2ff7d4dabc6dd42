import type { TeacherPreset } from "../../contract/teacherPresets.ts";
import type { Engine } from "../../contract/protocol.ts";
import { webStore } from "../stores/webStore.ts";
import { offerTeacherFiles } from "./offerTeacher.ts";
import { lookUp, startDownload } from "./webTransfers.ts";

/** The published teacher that goes with small runs on photographs. */
export const smallPhotoTeacher = "mobilenet-v3-large";

/** Asks its site for the size of a published teacher; what is found is shown, and downloaded on another click. */
export async function lookUpTeacher({ address, sha256, recipe }: TeacherPreset): Promise<void> {
  await lookUp("teacher", { address, sha256, keep: true, recipe });
}

/** Downloads the teacher that was looked up, and shows what it holds. */
export async function downloadTeacher(engine: Engine, acceptChanged: boolean): Promise<void> {
  const { teacher } = webStore.getState().transfers;
  const recipe = "wanted" in teacher ? teacher.wanted.recipe : undefined;
  const files = await startDownload("teacher", { acceptChanged });
  const [first] = files ?? [];
  if (files === null || first === undefined) return;
  const origin = { address: first.record.address, sha256: first.record.sha256 };
  const given = files.map(({ file }) => file);
  await offerTeacherFiles(engine, given, { origin, recipe });
}
