import type { Engine, RequestName } from "../../contract/protocol.ts";
import { backendRequests } from "./backendRequests.ts";
import { clusterRequests } from "./clusterRequests.ts";
import { embeddingRequests } from "./embeddingRequests.ts";
import { imageRequests } from "./imageRequests.ts";
import { keptRequests } from "./keptRequests.ts";
import type { RequestHandlers } from "./requestHandlers.ts";
import { runRequests } from "./runRequests.ts";
import { Session } from "./session.ts";
import { Sight } from "./sight.ts";
import { sightRequests } from "./sightRequests.ts";
import type { EngineSurroundings } from "./surroundings.ts";
import { teacherRequests } from "./teacherRequests.ts";

/** What changes images, teacher, backend or run takes turns; steering a run never waits. */
const immediate: ReadonlySet<RequestName> = new Set([
  "pauseRun",
  "resumeRun",
  "stepRun",
  "stopRun",
  "adjustRun",
  "memory",
  "thumbnails",
  "inspectTeacher",
  "prepareDemo",
  "neighbours",
  "replayStep",
  "keepRun",
  "listKept",
  "saveKept",
  "readKept",
  "deleteKept",
  "readKeptTeacher",
]);
/** Of the others, those that leave images, teacher and backend as they are: what is worked out ahead need only wait. */
const harmless: ReadonlySet<RequestName> = new Set([
  "addImages",
  "previewViews",
  "probe",
  "exportStudent",
  "exportForCluster",
  "witnessStudent",
  "witnessFile",
  "embedSet",
]);

/**
 * The engine itself: images, teacher, and one run at a time. It holds every tensor there is and knows nothing of
 * threads; `entry.ts` puts it behind messages.
 */
export function createEngine(surroundings: EngineSurroundings): Engine {
  const session = new Session(surroundings);
  const sight = new Sight(session);
  const handlers: RequestHandlers = {
    ...backendRequests(session),
    ...imageRequests(session, sight),
    ...teacherRequests(session),
    ...runRequests(session, sight),
    ...sightRequests(session, sight),
    ...embeddingRequests(session),
    ...clusterRequests(session),
    ...keptRequests(session, sight),
  };
  /** Structural requests one after another: tfjs has one current backend and one scope stack. */
  let turn: Promise<unknown> = Promise.resolve();
  return {
    request(name, input) {
      const handle = async () => handlers[name](input);
      if (immediate.has(name)) return handle();
      const answer = turn.then(async () => {
        const release = await sight.spareTime.hold();
        try {
          if (!harmless.has(name)) await sight.spareTime.drop();
          return await handle();
        } finally {
          release();
          sight.goOn();
        }
      });
      turn = answer.catch(() => undefined);
      return answer;
    },
    subscribe: (listener) => session.subscribe(listener),
  };
}
