import { AppError, fromWire } from "../../contract/errors.ts";
import type { InspectRequests } from "../../contract/protocol.ts";
import type { TeacherInspection } from "../../contract/teacher.ts";
import { connect, onCrash, type WorkerPort } from "../../lib/channel.ts";
import { nameOfFiles } from "../../lib/nameOfFiles.ts";

/** What reading a small file may take. */
const patienceMs = 20_000;
/** Of a large one: less than any disk reads in a millisecond. */
const bytesPerMs = 20_000;

export interface TeacherInspector {
  /**
   * Says what files hold, in a worker of its own that is ended when it takes too long, or when others are asked about.
   *
   * @throws AppError "file-refused" when its patience is at an end, "cancelled".
   */
  inspect(files: readonly File[]): Promise<TeacherInspection>;
  /** Ends what is being looked at. */
  cancel(): void;
}

export function createTeacherInspector(createWorker: () => WorkerPort): TeacherInspector {
  let end: ((error: AppError) => void) | null = null;

  const cancel = (): void => end?.(new AppError("cancelled", "Looking into the files was cancelled."));

  return {
    cancel,
    inspect(files) {
      cancel();
      return new Promise((resolve, reject: (error: AppError) => void) => {
        const worker = createWorker();
        const fail = (error: AppError): void => {
          finish();
          reject(error);
        };
        const bytes = files.reduce((sum, { size }) => sum + size, 0);
        const ms = patienceMs + bytes / bytesPerMs;
        const timer = setTimeout(() => fail(stuck(nameOfFiles(files), ms)), ms);
        const finish = (): void => {
          clearTimeout(timer);
          worker.terminate();
          if (end === fail) end = null;
        };
        end = fail;
        onCrash(worker, (reason) => fail(stopped(nameOfFiles(files), reason)));
        connect<InspectRequests>(worker, fromWire)
          .request("inspectTeacher", { files })
          .finally(finish)
          .then(resolve, reject);
      });
    },
  };
}

export const teacherInspector = createTeacherInspector(
  () =>
    new Worker(new URL("../../worker/teacher/inspectWorker.ts", import.meta.url), {
      type: "module",
      name: "inspector",
    }),
);

function stuck(name: string, ms: number): AppError {
  return new AppError(
    "file-refused",
    `“${name}” kept its reader busy for ${Math.round(ms / 1000)} seconds, so it was ended.`,
    { hint: "The file is damaged, or made to do that. Write it anew, or give another one." },
  );
}

function stopped(name: string, reason: string): AppError {
  return new AppError("file-unreadable", `The reader of “${name}” stopped: ${reason}.`, {
    hint: "Reload the page and try again, or give another file.",
  });
}
