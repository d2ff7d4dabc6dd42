import { defaultConfig, type ConfigPatch } from "../../../contract/config.ts";
import { sampleRun } from "../../../formats/testing/sampleRun.ts";
import type { RunRecord } from "../../stores/runHistory.ts";

/** A run that ended, with these settings and otherwise the defaults. */
export function recordOf(patch: ConfigPatch, more: Partial<RunRecord> = {}): RunRecord {
  const config = { ...defaultConfig, ...patch };
  return {
    runId: JSON.stringify(patch),
    name: JSON.stringify(patch),
    config,
    plan: { ...sampleRun.plan, config },
    end: { kind: "finished" },
    baseline: null,
    evaluations: [],
    last: {
      step: 40,
      loss: 3,
      contrastive: 2,
      distillation: 0.5,
      cosine: 0.9,
      learningRate: 0.1,
      imagesPerSecond: 100,
      elapsedMs: 5000,
    },
    datasetName: "demo",
    dataFingerprint: "ab12",
    teacherName: "bundled",
    ablation: false,
    ...more,
  };
}
