import { AppError } from "../../contract/errors.ts";
import type { RequestHandlers } from "./requestHandlers.ts";
import type { Session } from "./session.ts";

export function sightRequests(session: Session): RequestHandlers<"neighbours" | "replayStep"> {
  return {
    neighbours: () => ({ before: null, now: null, teacher: null, step: null }),
    replayStep({ runId }) {
      session.currentRun(runId);
      throw new AppError("not-found", "No step has been kept");
    },
  };
}
