import { AppError } from "../../contract/errors.ts";
import { methods } from "../../contract/methods.ts";
import { readImages, readTeacher } from "../kept/keptInputs.ts";
import { lockedRuns, lockRun } from "../kept/runLock.ts";
import { prepareRun } from "./prepareRun.ts";
import type { RequestHandlers } from "./requestHandlers.ts";
import { readRunCheckpoint, type RunCheckpoint } from "../../formats/runCheckpoint.ts";
import type { Session } from "./session.ts";
import type { Sight } from "./sight.ts";

type KeptRequest =
  | "continueRun"
  | "keepRun"
  | "listKept"
  | "saveKept"
  | "readKept"
  | "deleteKept"
  | "useKeptImages"
  | "readKeptTeacher";

export function keptRequests(session: Session, sight: Sight): RequestHandlers<KeptRequest> {
  const { locks = null } = session.surroundings;
  const list = async () => {
    const busy = await lockedRuns(locks);
    const isOurs = (runId: string): boolean => session.isRunGoing && session.run?.runId === runId;
    return (await session.kept).list((runId) => busy.has(runId) && !isOurs(runId));
  };
  return {
    async continueRun({ runId, paused, keepEveryMs, totalSteps, patch }) {
      session.refuseDuringRun("go on with another run");
      const kept = await session.kept;
      const checkpoint = await kept.checkpoint(runId);
      if (checkpoint === null)
        throw new AppError("not-found", "There is no checkpoint of this run that can be read.", {
          hint: "Start it again.",
        });
      const { facts } = checkpoint;
      await requireInputs(session, checkpoint);
      session.forgetRun();
      sight.forgetPresent();
      const config = totalSteps === null ? facts.config : { ...facts.config, steps: totalSteps };
      const from: RunCheckpoint = {
        ...checkpoint,
        facts: { ...facts, config, live: { ...facts.live, ...patch, steps: config.steps } },
      };
      const asked = { runId, config, paused, keepEveryMs };
      const prepared = await prepareRun(session, asked, from, (sighting, summary) =>
        sight.take(sighting, summary, config),
      );
      session.useRun(prepared);
      const { live, step, baseline, evaluations } = from.facts;
      return { plan: prepared.plan, live, step, baseline, evaluations, metrics: from.metrics.slice() };
    },
    keepRun({ runId }) {
      if (session.isRunGoing && session.run?.runId === runId) session.run.keepNow();
      return null;
    },
    listKept: list,
    async saveKept({ record, student, metrics, checkpoint = null }) {
      const kept = await session.kept;
      await kept.saveRecord(record);
      if (checkpoint !== null) await kept.adoptCheckpoint(record.runId, readRunCheckpoint(checkpoint));
      if (metrics !== undefined) await kept.saveMetrics(record.runId, metrics);
      if (student !== null) await kept.saveStudent(record.runId, student);
      return null;
    },
    async readKept({ runId }) {
      return (await session.kept).numbers(runId);
    },
    async deleteKept({ runIds, only }) {
      const kept = await session.kept;
      for (const runId of runIds) {
        if (session.isRunGoing && session.run?.runId === runId) continue;
        const lock = await lockRun(locks, runId, 0).catch(() => null); // another tab is at it
        if (lock === null) continue;
        try {
          await (only === "checkpoints" ? kept.dropCheckpoint(runId) : kept.delete(runId));
        } finally {
          lock.release();
        }
      }
      await kept.sweep();
      return list();
    },
    async useKeptImages({ fingerprint }) {
      session.refuseDuringRun("change the images");
      const store = await readImages((await session.kept).files, fingerprint);
      if (store === null) return null;
      session.images = store;
      session.demo.forget();
      return store.summary;
    },
    async readKeptTeacher({ hash }) {
      return readTeacher((await session.kept).files, hash);
    },
  };
}

/** @throws AppError which of images and teacher is not the one that the run began with. */
async function requireInputs(session: Session, { facts }: RunCheckpoint): Promise<void> {
  session.requireBackend();
  const { summary } = session.requireImages();
  if (summary?.fingerprint !== facts.dataFingerprint)
    throw new AppError("not-found", "These are not the images that the run began with.", {
      hint: "Give the same files again.",
    });
  if (!methods[facts.config.method].usesTeacher) return;
  const hash = (await session.teacher?.hash) ?? null;
  if (session.teacher === null || hash !== facts.teacherHash)
    throw new AppError("not-found", "This is not the teacher that the run began with.", {
      hint: "Give the same file again.",
    });
}
