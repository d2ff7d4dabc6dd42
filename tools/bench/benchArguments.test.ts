import { describe, expect, test } from "vitest";
import { contestantsFor, jobsFor, readBenchArguments } from "./benchArguments.ts";
import { stepJobs } from "./stepJobs.ts";

const names = (jobs: readonly { name: string }[]): string[] => jobs.map(({ name }) => name);

describe("the arguments of the benchmark", () => {
  test("quick is the smallest step job and nothing else, unless a part is asked for", () => {
    const quick = readBenchArguments(["--quick"]);
    expect(names(quick.jobs)).toEqual(["STEP-XS"]);
    expect(quick.parts).toEqual(["step"]);
    expect(readBenchArguments(["--quick", "--part", "wasm"]).parts).toEqual(["wasm"]);
    expect(readBenchArguments([]).parts).toEqual([
      "step",
      "muon",
      "objectives",
      "ops",
      "augment",
      "ingest",
      "page",
      "gap",
      "wasm",
    ]);
  });

  test("jobs and contestants may be named, several of each", () => {
    const asked = readBenchArguments(
      "--job step-l --job STEP-S --contestant jax-js --contestant ours-wasm --repetitions 3".split(" "),
    );
    expect(names(asked.jobs)).toEqual(["STEP-L", "STEP-S"]);
    expect(asked.contestants).toEqual(["jax-js", "ours-wasm"]);
    expect(asked.repetitions).toBe(3);
  });

  test.each([
    [["--job", "STEP-Q"], "STEP-Q"],
    [["--part", "sound"], "sound"],
    [["--contestant", "torch"], "torch"],
    [["--repetitions", "0"], "--repetitions"],
    [["--repetitions", "2.5"], "2.5"],
  ])("%j is refused by name", (args, named) => {
    expect(() => readBenchArguments(args)).toThrow(named);
  });

  test("by itself a software adapter gets the small jobs, and a job for GPUs no contestant on the CPU", () => {
    expect(names(jobsFor(false))).toEqual(["STEP-XS", "STEP-S", "STEP-SE", "STEP-SM"]);
    expect(names(jobsFor(true))).toEqual(names(stepJobs));
    const large = stepJobs.find(({ name }) => name === "STEP-L")!;
    expect(contestantsFor(large)).toEqual(["ours-webgpu", "tfjs-webgpu", "jax-js", "pytorch"]);
    expect(contestantsFor(stepJobs[0]!)).toContain("tfjs-cpu");
    const mobile = stepJobs.find(({ name }) => name === "STEP-SE")!;
    expect(contestantsFor(mobile)).toEqual(["ours-wasm", "pytorch"]);
  });
});
