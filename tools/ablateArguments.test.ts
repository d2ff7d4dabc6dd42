import { expect, test } from "vitest";
import { parseAblateArguments } from "./ablateArguments.ts";

const parse = (...args: string[]) => parseAblateArguments(["--data", "demo", "--out", "x", ...args], "/home");

test("what is varied, with which seeds and for how long; the rest is as of a single run", () => {
  const job = parse(
    "--vary",
    "hiddenWidth=8, 32",
    "--seeds=1,2",
    "--steps",
    "40",
    "--set",
    "temperature=0.1",
  )!;
  expect(job.design).toEqual({
    axis: "hiddenWidth",
    values: [8, 32],
    seeds: [1, 2],
    steps: 40,
    withTeacherless: false,
    stopsHopeless: false,
  });
  expect(job.shared).toMatchObject({ outFolder: "/home/x", config: { steps: 40, temperature: 0.1 } });
  expect(parse("--vary=method=disco,seed", "--teacherless")?.design).toMatchObject({
    axis: "method",
    values: ["disco", "seed"],
    seeds: [1, 2, 3],
    steps: 300,
    withTeacherless: true,
  });
  expect(parse("--help")).toBeNull();
});

test.each([
  [[], /--vary is missing/],
  [["--vary", "gravity=1,2"], /none of hiddenWidth/],
  [["--vary", "hiddenWidth"], /give at least one value/],
  [["--vary", "hiddenWidth=8,wide"], /"wide" is not a number/],
  [["--vary", "method=magic"], /"magic" is not one of/],
  [["--vary", "hiddenWidth=8", "--vary", "queueSize=64"], /given twice/],
  [["--vary", "hiddenWidth=8", "--seeds", "one"], /--seeds one: "one" is not a number/],
  [["--vary", "hiddenWidth=8", "--seed", "1"], /give --seeds/],
  [["--vary", "hiddenWidth=8", "--resume", "x"], /same --out/],
  [["--vary", "hiddenWidth=8", "--steps", "0"], /--steps is missing/],
  [["--vary", "hiddenWidth=8", "--preset", "photos"], /--preset photos/],
  [["--vary", "queueSize=64", "--set", "method=simclr"], /does not use “Queue”/],
  [["--vary", "hiddenWidth=8", "--learning", "1"], /Unknown option/],
] as const)("what cannot be meant is refused: %j", (args, problem) => {
  expect(() => parse(...args)).toThrow(problem);
});
