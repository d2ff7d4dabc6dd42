import { describe, expect, test } from "vitest";
import type { ContestantReport, JobReport } from "./stepPart.ts";
import { disagreements, formatJob, ratioOf } from "./stepReport.ts";

const measured = (medianMs: number): ContestantReport => ({
  medianMs,
  minMs: medianMs - 1,
  maxMs: medianMs + 1,
  repetitions: 5,
  runsOn: "test",
  stepsPerRepetition: 2,
  issueMs: 1,
  setUpMs: 10,
  firstStepMs: 1500,
  evidence: {
    losses: [],
    movement: { student: 0, studentStatistics: 0, meanStudent: 0, meanStudentStatistics: 0, queue: 0 },
  },
  breakdown: [],
});

const report: JobReport = {
  name: "STEP-XS",
  contestants: { "ours-webgpu": measured(20), "tfjs-webgpu": measured(500), "jax-js": measured(140) },
  failures: { "tfjs-cpu": "it did not start" },
  agreements: [
    { pair: ["ours-webgpu", "tfjs-webgpu"], lossDifference: 1e-6, movementDifference: 1e-5, agrees: true },
    { pair: ["ours-webgpu", "jax-js"], lossDifference: 0.1, movementDifference: 1, agrees: false },
    { pair: ["tfjs-webgpu", "jax-js"], lossDifference: 0.1, movementDifference: 1, agrees: false },
  ],
};

describe("the report of a job", () => {
  test("a ratio is of medians, and there is none where results differ or nothing was measured", () => {
    expect(ratioOf(report, "tfjs-webgpu", "ours-webgpu")).toBe(25);
    expect(ratioOf(report, "ours-webgpu", "ours-webgpu")).toBe(1);
    expect(ratioOf(report, "jax-js", "ours-webgpu")).toBeNull();
    expect(ratioOf(report, "tfjs-cpu", "ours-webgpu")).toBeNull();
  });

  test("a step's time is told by kernel, the longest first, the rest in one", () => {
    const breakdown = Array.from({ length: 10 }, (_, i) => ({ label: `k${i}`, launches: 2, ms: 10 - i }));
    const contestants = { "ours-webgpu": { ...measured(20), breakdown } };
    const text = formatJob({ ...report, contestants, agreements: [] });
    expect(text).toMatch(/by kernel \(launches\), of 55.* ms: k0 \(2\) 18 %, k1 \(2\) 16 %/);
    expect(text).toMatch(/k7 \(2\) 5 %, others 5 %/);
  });

  test("the table refuses that ratio in words, and names failures", () => {
    const lines = formatJob(report).split("\n");
    const row = (name: string): string => lines.find((line) => line.startsWith(`${name} `)) ?? "";
    expect(row("tfjs-webgpu")).toMatch(/500\s+499 … 501\s+5 × 2\s+1\.00\s+1\.5\s+25\.0$/);
    expect(row("jax-js")).toMatch(/results differ$/);
    expect(lines).toContain("tfjs-cpu was not measured: it did not start");
    expect(disagreements(report)).toHaveLength(2);
  });
});
