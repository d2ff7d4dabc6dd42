import type { CheckpointFacts } from "../../contract/checkpoint.ts";
import { writeRunCheckpoint } from "../../formats/runCheckpoint.ts";
import { clusterNetworks } from "./clusterNetworks.ts";
import { fitToSet } from "./fitToSet.ts";
import type { RequestHandlers } from "./requestHandlers.ts";
import type { Session } from "./session.ts";

/** A run for PyTorch. */
export function clusterRequests(session: Session): RequestHandlers<"exportForCluster"> {
  return {
    async exportForCluster({ runId }) {
      const run = session.runInMemory(runId);
      const checkpoint = await run.capture();
      const { config } = checkpoint.facts;
      const networks = await clusterNetworks(
        run.method.trainer.network,
        session.teacher?.teacher ?? null,
        config,
      );
      return {
        checkpoint: writeRunCheckpoint(checkpoint),
        ...networks,
        heldOut: heldOutOf(session, checkpoint.facts),
      };
    },
  };
}

/** Names of the images that a run's student is judged by: of the demo set, and of images that are gone, none. */
function heldOutOf({ images }: Session, { config, dataFingerprint }: CheckpointFacts): readonly string[] {
  if (images?.summary?.kind !== "own" || images.summary.fingerprint !== dataFingerprint) return [];
  return [...fitToSet(images, config).split.heldOut].map((index) => images.nameOf(index));
}
