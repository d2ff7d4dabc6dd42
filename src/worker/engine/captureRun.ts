import type { CheckpointFacts } from "../../contract/checkpoint.ts";
import type { Config } from "../../contract/config.ts";
import type { RunCheckpoint } from "../../formats/runCheckpoint.ts";
import type { EpochSampler } from "../../ml/data/sampler.ts";
import type { Method } from "../../ml/methods/method.ts";
import type { Projection } from "../../ml/teachers/projectedTeacher.ts";
import { isStudentFinite, readMethodState, type SavedTensor } from "../../ml/methods/methodState.ts";
import { stateOfStreams, type TrainingStreams } from "../../ml/training/trainingStreams.ts";
import type { RunLedger } from "./runLedger.ts";

/** What does not change in a run, as its checkpoints tell it. */
export type RunOrigin = Pick<
  CheckpointFacts,
  "runId" | "config" | "totalSteps" | "backend" | "dataFingerprint" | "teacherHash" | "projection"
>;

export interface CapturedRun {
  readonly origin: RunOrigin;
  /** The method that was created, and the form of it that takes the steps. */
  readonly method: Method;
  readonly stepping: Method;
  readonly projection: Projection | null;
  readonly sampler: EpochSampler;
  readonly streams: TrainingStreams;
  readonly ledger: RunLedger;
  readonly live: Config;
  readonly step: number;
  readonly elapsedMs: number;
}

const projectionMean = "projection/mean";
const projectionComponents = "projection/components";

/**
 * A run as it is between two steps, all of whose metrics have been read. One sync point.
 *
 * @returns null when its student is not finite any more.
 */
export async function captureRun(run: CapturedRun): Promise<RunCheckpoint | null> {
  const { origin, method, stepping, sampler, streams, ledger, live, step, elapsedMs } = run;
  stepping.syncState?.();
  const { tensors, counts } = await readMethodState(method);
  if (!isStudentFinite({ tensors })) return null;
  return {
    facts: {
      format: "disco-playground-checkpoint",
      formatVersion: 1,
      ...origin,
      live,
      step,
      elapsedMs,
      savedAt: new Date().toISOString(),
      sampler: sampler.state(),
      streams: stateOfStreams(streams),
      counts,
      baseline: ledger.baseline,
      evaluations: ledger.evaluations,
    },
    metrics: ledger.metrics(),
    tensors: new Map([...tensors, ...projectionTensors(run.projection)]),
  };
}

function projectionTensors(projection: Projection | null): readonly (readonly [string, SavedTensor])[] {
  if (projection === null) return [];
  const { mean, components, dim } = projection;
  return [
    [projectionMean, { shape: [mean.length], data: new Float32Array(mean) }],
    [projectionComponents, { shape: [mean.length, dim], data: new Float32Array(components) }],
  ];
}

/** The projection that a run was begun with; null without one. */
export function projectionOf({ tensors }: RunCheckpoint): Projection | null {
  const [mean, components] = [tensors.get(projectionMean), tensors.get(projectionComponents)];
  if (mean === undefined || components === undefined) return null;
  return { mean: mean.data, components: components.data, dim: components.shape[1] ?? 0 };
}

/** What of a checkpoint is the method's. */
export function methodTensorsOf({ tensors }: RunCheckpoint): ReadonlyMap<string, SavedTensor> {
  return new Map([...tensors].filter(([name]) => name !== projectionMean && name !== projectionComponents));
}
