import { keepImages, keepTeacher } from "../kept/keptInputs.ts";
import { lockRun } from "../kept/runLock.ts";
import { RunKeeper } from "./runKeeper.ts";
import type { Session } from "./session.ts";

/**
 * What keeps a run while it is going; null for a run that is not to be kept.
 *
 * @param everyMs between checkpoints; Infinity for those at a pause, at the end and when the page hides alone.
 * @throws AppError "busy" when another tab is at this run.
 */
export async function openKeeper(
  session: Session,
  runId: string,
  everyMs: number | undefined,
  hasTeacher: boolean,
): Promise<RunKeeper | null> {
  if (everyMs === undefined) return null;
  const { emit, surroundings, images, teacher } = session;
  const { locks = null, roomLeft = async () => Infinity } = surroundings;
  const kept = await session.kept;
  const lock = await lockRun(locks, runId);
  return new RunKeeper(
    kept,
    lock,
    { everyMs, now: () => performance.now() },
    (error) => emit({ type: "keepingFailed", runId, error }),
    async () => {
      if (images !== null) await keepImages(kept.files, images, roomLeft);
      const hash = await teacher?.hash;
      if (!hasTeacher || teacher?.source.kind !== "files" || typeof hash !== "string") return;
      await keepTeacher(kept.files, hash, teacher.source, roomLeft);
    },
  );
}
