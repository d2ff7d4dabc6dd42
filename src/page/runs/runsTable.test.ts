import { expect, it } from "vitest";
import { sampleRun } from "../../formats/testing/sampleRun.ts";
import type { RunRecord } from "../stores/runHistory.ts";
import { runsCsv, runsLatex } from "./runsTable.ts";

const run: RunRecord = {
  runId: "r1",
  name: "batch 64 · temperature 0.1, 50 %",
  config: sampleRun.config,
  plan: sampleRun.plan,
  end: { kind: "finished" },
  baseline: sampleRun.metrics.baseline,
  evaluations: [
    { step: 40, knn: 0.625, cosine: 0.9, spread: 1, overlap: 0.5, effectiveRank: 9, prefixes: null },
  ],
  last: {
    step: 40,
    loss: 3.25,
    contrastive: 2,
    distillation: 0.5,
    cosine: 0.9,
    learningRate: 0.1,
    imagesPerSecond: 100,
    elapsedMs: 5,
  },
  dataFingerprint: "ab12",
  datasetName: "demo",
  teacherName: "",
  ablation: false,
};

it("tells the runs' numbers whole as CSV, and as they are read in LaTeX", () => {
  const [header, line] = runsCsv([run]).trim().split("\n");
  expect(header).toMatch(/^run,seed,end,steps,loss,distillation,knnUntrained,knn,/);
  expect(line).toBe('"batch 64 · temperature 0.1, 50 %",3,finished,40,3.25,0.5,0.2,0.625,0.9,0.5,demo');
  expect(runsLatex([run])).toContain(
    "batch 64 $\\cdot$ temperature 0.1, 50 \\% & 3 & 40 & 3.250 & 0.500 & 20.0 \\% & 62.5 \\% \\\\",
  );
});
