import { describe, expect, test } from "vitest";
import { runGaps, type LoggedEvent } from "./runGaps.ts";

const event = (type: LoggedEvent["type"], atMs: number, task = ""): LoggedEvent => ({
  type,
  atMs,
  task,
  steps: [],
});
const metrics = (atMs: number, ...steps: [step: number, elapsedMs: number][]): LoggedEvent => ({
  ...event("metrics", atMs),
  steps: steps.map(([step, elapsedMs]) => ({ step, elapsedMs })),
});

// Training's clock starts at 1500; steps end at 1600, 1700, 2000, 2100.
const run = [
  event("progress", 900, "opening"),
  event("runState", 1100),
  event("execution", 1450),
  metrics(1605, [1, 100]),
  metrics(2050, [2, 200], [3, 500]), // late: 50 ms after its last step
  metrics(2100, [4, 600]),
  event("progress", 2350, "Measuring the student"),
  event("evaluation", 2400),
  event("runEnded", 2401),
  event("progress", 9000, "something later"),
];

describe("runGaps", () => {
  test("steps count when they end, by the message that came soonest after one", () => {
    const { gaps, firstStepMs, wholeMs } = runGaps(run, 1000);
    expect(firstStepMs).toBe(605);
    expect(wholeMs).toBe(1401);
    expect(gaps[0]).toEqual({ ms: 350, fromMs: 100, after: "runState", before: "execution" });
    expect(gaps[1]).toEqual({ ms: 300, fromMs: 700, after: "step 2", before: "step 3" });
    expect(gaps[2]).toMatchObject({ ms: 250, before: "progress: Measuring the student" });
  });

  test("a silence lasts from message to message", () => {
    expect(runGaps(run, 1000).longestSilenceMs).toBe(445); // two steps in it
  });

  test("what came before the click or after the end is of no run", () => {
    const whole = runGaps(run, 1000);
    expect(whole.gaps.reduce((sum, { ms }) => sum + ms, 0)).toBeCloseTo(whole.wholeMs);
    expect(() => runGaps(run, 3000)).toThrow("took no step");
  });
});
