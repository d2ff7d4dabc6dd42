import type { RequestHandlers } from "./requestHandlers.ts";
import type { Session } from "./session.ts";
import type { Sight } from "./sight.ts";

export function sightRequests(
  session: Session,
  sight: Sight,
): RequestHandlers<"neighbours" | "lookThrough" | "replayStep"> {
  return {
    neighbours: ({ query, config, count }) => sight.neighbours(query, config, count),
    lookThrough({ student }) {
      session.refuseDuringRun("look through another student");
      sight.lookThrough(student);
      return null;
    },
    replayStep: ({ runId }) => session.currentRun(runId).replayStep(),
  };
}
