import { studentFile } from "../../ml/export/studentFile.ts";
import { saveWeights } from "../../ml/models/weights.ts";
import { measureSpeed } from "./measureSpeed.ts";
import { prepareRun } from "./prepareRun.ts";
import type { RequestHandlers } from "./requestHandlers.ts";
import type { Session } from "./session.ts";
import type { Sight } from "./sight.ts";

type RunRequest =
  "probe" | "startRun" | "pauseRun" | "resumeRun" | "stepRun" | "stopRun" | "adjustRun" | "exportStudent";

export function runRequests(session: Session, sight: Sight): RequestHandlers<RunRequest> {
  return {
    async probe({ config }) {
      session.refuseDuringRun("measure the speed");
      session.requireBackend();
      return measureSpeed(session.requireImages(), config);
    },
    async startRun(asked) {
      const { config } = asked;
      session.refuseDuringRun("start another run");
      session.forgetRun();
      sight.forgetPresent();
      const prepared = await prepareRun(session, asked, null, (sighting, summary) =>
        sight.take(sighting, summary, config),
      );
      session.useRun(prepared);
      return prepared.plan;
    },
    pauseRun: ({ runId }) => (session.currentRun(runId).pause(), null),
    resumeRun: ({ runId }) => (session.currentRun(runId).resume(), null),
    stepRun: ({ runId }) => (session.currentRun(runId).stepOnce(), null),
    stopRun: ({ runId }) => (session.currentRun(runId).stop(), null),
    adjustRun: ({ runId, patch }) => (session.currentRun(runId).adjust(patch), null),

    async exportStudent({ runId, withHead }) {
      const run = session.runInMemory(runId);
      const { network, weights } = run.method.trainer;
      const state = await saveWeights(network, weights);
      return {
        name: "student.safetensors",
        bytes: studentFile(network, state, run.settings, withHead ? "both" : "encoder"),
      };
    },
  };
}
