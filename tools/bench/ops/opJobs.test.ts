import { describe, expect, test } from "vitest";
import { opInputs, opJobsFor, opWork, type OpJob } from "./opJobs.ts";

const named = (name: string): OpJob => opJobsFor(false).find((job) => job.name === name)!;

describe("operations", () => {
  test("all three passes of a convolution multiply as often, and move what they name", () => {
    const forward = opWork(named("3×3 stride 2 [16,32,32,16]→32 forward"));
    // 16 images of 16×16 places, each 9 · 16 · 32 multiply-adds.
    expect(forward.flop).toBe(2 * 16 * 256 * 9 * 16 * 32);
    // x [16,32,32,16], w [3,3,16,32], y [16,16,16,32].
    expect(forward.bytes).toBe(4 * (262_144 + 4608 + 131_072));
    for (const pass of ["dX", "dW"])
      expect(opWork(named(`3×3 stride 2 [16,32,32,16]→32 ${pass}`))).toEqual(forward);
  });

  test("a depthwise convolution has one filter a channel", () => {
    const job = named("depthwise 5×5 stride 2 [16,16,16,32]→32 dW");
    expect(opInputs(job)).toEqual({ x: [16, 16, 16, 32], dy: [16, 8, 8, 32] });
    expect(opWork(job).flop).toBe(2 * 16 * 64 * 25 * 32);
  });

  test("the stem keeps half the side, and nobody asks for the gradient of images", () => {
    const job = named("7×7 stride 2 [16,32,32,3]→16 dW");
    expect(opInputs(job)).toEqual({ x: [16, 32, 32, 3], dy: [16, 16, 16, 16] });
    expect(opJobsFor(true).some(({ name }) => name.startsWith("7×7") && name.endsWith("dX"))).toBe(false);
  });

  test("names are unique, so that figures can be found by them", () => {
    for (const hardware of [false, true]) {
      const names = opJobsFor(hardware).map(({ name }) => name);
      expect(new Set(names).size).toBe(names.length);
    }
  });
});
