import { AppError } from "../../contract/errors.ts";
import { writeSafetensors } from "../../formats/safetensors.ts";
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
    async startRun({ runId, config, paused }) {
      session.refuseDuringRun("start another run");
      session.forgetRun();
      sight.forgetPresent();
      const prepared = await prepareRun(session, { runId, config, paused }, (sighting, summary) =>
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
      const { run } = session;
      if (run?.runId !== runId) throw new AppError("not-found", "That run's weights are no longer in memory");
      const { network, weights } = run.method.trainer;
      const state = await saveWeights(network, weights);
      const tensors = [...state]
        .filter(([name]) => withHead || !name.startsWith("fc."))
        .map(([name, { shape, data }]) => ({
          name,
          shape,
          values: data,
          dtype: name.endsWith("num_batches_tracked") ? ("int64" as const) : ("float32" as const),
        }));
      const metadata = {
        format: "pt",
        architecture: network.title,
        head: "projection",
        input_size: String(run.imageSize),
      };
      return { name: "student.safetensors", bytes: writeSafetensors(tensors, metadata) };
    },
  };
}
