import { expect, test } from "vitest";
import { defaultConfig } from "../../contract/config.ts";
import { presets } from "../../contract/presets.ts";
import type { AblationJob } from "../../contract/ablationJob.ts";
import { jobConfig, jobsByValue, planJobs } from "./ablationJobs.ts";
import { referencesOf, summarise, summariseValue } from "./summarise.ts";

const design = { ...presets.bottleneck.design, values: [64, 8], seeds: [7, 9], withTeacherless: true };
const jobs = planJobs(design);

function done(job: AblationJob, knn: number | null): AblationJob {
  const baseline = {
    teacherKnn: 0.9,
    teacherPrefixes: null,
    untrainedKnn: null,
    chance: 0.1,
    queryImages: 40,
  };
  return {
    ...job,
    state: "done",
    runId: `${job.value}-${job.seed}`,
    result: { knn, distillation: 1, prefixes: null, baseline },
  };
}

test("jobs go through all values, and the line to beat, before the next seed", () => {
  expect(jobs.map(({ value, seed }) => [value, seed])).toEqual([
    [64, 7],
    [8, 7],
    [null, 7],
    [64, 9],
    [8, 9],
    [null, 9],
  ]);
});

test("prefixes of an embedding are learnt by one job a seed, which counts as one of every length", () => {
  const nested = { ...design, axis: "nestedDim", values: [4, 16, 8], withTeacherless: false } as const;
  const queue = planJobs(nested);
  expect(queue.map(({ value, seed }) => [value, seed])).toEqual([
    [16, 7],
    [16, 9],
  ]);
  const { nested: isNested, embeddingDim } = jobConfig(defaultConfig, nested, queue[0]!);
  expect([isNested, embeddingDim]).toEqual(["on", 16]);
  const prefixes = [4, 8, 16].map((dims, i) => ({ dims, knn: 0.5 + 0.1 * i }));
  const over = queue.map((job, i) => {
    const all = done(job, 0.9);
    return i === 0 ? { ...all, result: { ...all.result!, prefixes } } : job;
  });
  const points = summarise(nested, jobsByValue(nested, over), "knn");
  expect(points.map(({ value, mean, seeds }) => [value, mean, seeds[0]!.runId])).toEqual([
    [4, 0.5, "16-7"],
    [8, 0.6, "16-7"],
    [16, 0.7, "16-7"],
  ]);
});

test("a job is the shared configuration but for its value, its seed and what makes runs comparable", () => {
  const base = { ...defaultConfig, learningRate: 0.07, seed: 99, splitSeed: 5 };
  expect(jobConfig(base, design, jobs[1]!)).toEqual({
    ...base,
    hiddenWidth: 8,
    seed: 7,
    steps: 200,
    evaluateEvery: 0,
    evaluationImages: 100_000,
  });
  expect(jobConfig(base, design, jobs[2]!)).toMatchObject({ ...presets.alone.patch, seed: 7, splitSeed: 5 });
  expect(jobConfig(base, { ...design, steps: 25, stopsHopeless: true }, jobs[1]!).evaluateEvery).toBe(13);
});

test("values are summarised in the axis' order over the runs that are done", () => {
  const finished = [
    done(jobs[0]!, 0.5),
    done(jobs[1]!, 0.3),
    done(jobs[2]!, 0.2),
    done(jobs[3]!, 0.7),
    { ...done(jobs[4]!, 0.1), state: "stoppedEarly" as const },
    done(jobs[5]!, null),
  ];
  expect(summarise(design, finished, "knn")).toEqual([
    { value: 8, mean: 0.3, interval: null, seeds: [{ seed: 7, y: 0.3, runId: "8-7" }] },
    {
      value: 64,
      mean: expect.closeTo(0.6) as number,
      interval: { low: 0.5, high: 0.7 },
      seeds: [
        { seed: 7, y: 0.5, runId: "64-7" },
        { seed: 9, y: 0.7, runId: "64-9" },
      ],
    },
  ]);
  expect(summariseValue(finished, null, "knn")?.mean).toBe(0.2);
  expect(referencesOf(finished)).toEqual({
    teacherKnn: expect.closeTo(0.9) as number,
    untrainedKnn: null,
    chance: expect.closeTo(0.1) as number,
  });
  expect(summarise(design, jobs, "knn")).toEqual([]);
});
