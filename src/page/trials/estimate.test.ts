import { expect, test } from "vitest";
import { defaultConfig, type Config } from "../../contract/config.ts";
import { presets } from "../../contract/presets.ts";
import type { RunRecord } from "../stores/runHistory.ts";
import { planJobs } from "./ablationJobs.ts";
import { describePlan, describeRest, secondsLeft, secondsPerStepLike } from "./estimate.ts";

function run(config: Partial<Config>, step: number, elapsedMs: number, kind = "finished"): RunRecord {
  return { config: { ...defaultConfig, ...config }, end: { kind }, last: { step, elapsedMs } } as never;
}

test("a step takes what it took in the last finished run of the same cost, whatever else differs", () => {
  const runs = [
    run({ hiddenWidth: 8 }, 100, 4000),
    run({ hiddenWidth: 64, seed: 3 }, 100, 5000),
    run({ studentWidth: 16 }, 100, 20_000),
    run({}, 100, 90_000, "stopped"),
  ];
  expect(secondsPerStepLike(defaultConfig, runs)).toBeCloseTo(0.05);
  expect(secondsPerStepLike({ ...defaultConfig, studentWidth: 16 }, runs)).toBeCloseTo(0.2);
  expect(secondsPerStepLike({ ...defaultConfig, imageSize: 64 }, runs)).toBeNull();
});

test("beforehand runs are counted, and timed as far as something was measured", () => {
  const design = presets.bottleneck.design;
  expect(describePlan(design, defaultConfig, [])).toBe(
    "18 runs, one after another, each of 200 steps. How long they take will be told by the first.",
  );
  expect(describePlan(design, defaultConfig, [run({}, 100, 5000)])).toBe(
    "18 runs, one after another, each of 200 steps: about 3 min 00 s of training, as fast as the last such runs on this machine, 20 steps a second.",
  );
  const widths = { ...design, axis: "studentWidth", values: [8, 16, 32], seeds: [1] } as const;
  const known = [run({ studentWidth: 8 }, 100, 5000), run({ studentWidth: 16 }, 100, 15_000)];
  // 0.05 and 0.15 s a step, and their mean for the one that is not known.
  expect(describePlan(widths, defaultConfig, known)).toMatch(
    /: about 1 min 00 s of training, .* 6\.7 to 20 steps a second; some values were not run yet/,
  );
});

test("on the way it is what runs have taken, by value where that is known", () => {
  const design = { ...presets.bottleneck.design, values: [8, 64], seeds: [1, 2], steps: 100 };
  const [a, b, c, d] = planJobs(design);
  const jobs = [{ ...a!, state: "running" as const }, b!, c!, d!];
  expect(secondsLeft(design, jobs, null)).toBeNull();
  expect(secondsLeft(design, jobs, { step: 20, elapsedMs: 1000 })).toBeCloseTo(19);
  expect(describeRest(design, jobs, null)).toBe("0 of 4 runs are over.");

  const later = [
    { ...a!, state: "done" as const, seconds: 10 },
    { ...b!, state: "done" as const, seconds: 30 },
    { ...c!, state: "running" as const },
    d!,
  ];
  expect(secondsLeft(design, later, { step: 50, elapsedMs: 1 })).toBeCloseTo(5 + 30);
  expect(describeRest(design, later, { step: 50, elapsedMs: 1 })).toBe(
    "2 of 4 runs are over; about 35 s left, by the 20 s that a run has taken so far.",
  );
});
