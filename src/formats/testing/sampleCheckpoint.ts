import { defaultConfig } from "../../contract/config.ts";
import { metricColumns } from "../../contract/metrics.ts";
import type { RunCheckpoint } from "../runCheckpoint.ts";

/** A checkpoint of a run that never was. */
export function sampleCheckpoint(step: number, runId = "run-sample-1"): RunCheckpoint {
  const stream = [1, -2, 3, 4_000_000_000] as const;
  return {
    facts: {
      format: "disco-playground-checkpoint",
      formatVersion: 1,
      runId,
      config: defaultConfig,
      live: { ...defaultConfig, learningRate: 0.01 },
      totalSteps: 480,
      step,
      elapsedMs: 1234.5,
      savedAt: "2026-11-29T10:00:00.000Z",
      backend: "wasm",
      dataFingerprint: "0123456789abcdef".repeat(4),
      teacherHash: "cafe",
      projection: "",
      sampler: { epoch: 1, batch: 2, prng: stream },
      streams: { augmentation: stream, choice: stream, companionAugmentation: stream },
      counts: {
        optimiserSteps: step,
        studentBatches: 2 * step,
        meanBatches: step,
        queueRows: { keys: 7 },
        prngs: { cuts: stream },
      },
      baseline: null,
      evaluations: [
        { step: 0, knn: 0.5, cosine: null, spread: NaN, overlap: null, effectiveRank: 3, prefixes: null },
      ],
    },
    metrics: Float32Array.from({ length: step * metricColumns.length }, (_, i) => i / 8),
    tensors: new Map([
      ["student/conv1.weight", { shape: [2, 3], data: Float32Array.of(1, -0, 3e-40, 4, 5, 6) }],
      ["queue/keys", { shape: [1], data: Float32Array.of(step) }],
    ]),
  };
}
