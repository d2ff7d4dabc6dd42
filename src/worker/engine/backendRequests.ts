import { AppError, toWire } from "../../contract/errors.ts";
import { openBackend } from "./backend.ts";
import type { RequestHandlers } from "./requestHandlers.ts";
import type { Session } from "./session.ts";

export function backendRequests(session: Session): RequestHandlers<"openBackend" | "memory"> {
  return {
    async openBackend({ choice, oneThread = false }) {
      session.refuseDuringRun("switch the backend");
      session.dropTeacher();
      const opened = await openBackend(choice, session.surroundings.loader, oneThread);
      session.backend = opened.report;
      void opened.lost.then((reason) => {
        const error = new AppError("backend-lost", `The GPU was lost: ${reason}`, {
          hint: "Another engine takes its place. If it happens again, choose a smaller batch, width or view size.",
        });
        session.run?.abandon();
        session.emit({ type: "backendLost", error: toWire(error) });
      });
      return opened.report;
    },
    memory: session.memory,
  };
}
