import { expect, test } from "vitest";
import { countByBackend, countPlaywright, countVitest } from "./testReport.ts";

test("counts tests, and a file that could not be loaded as one failure", () => {
  const counts = countVitest({
    testResults: [
      {
        name: "a.test.ts",
        status: "failed",
        assertionResults: [
          { fullName: "conv on webgpu", status: "passed" },
          { fullName: "conv on wasm", status: "failed" },
          { fullName: "conv on cpu", status: "pending" },
        ],
      },
      { name: "broken.test.ts", status: "failed", assertionResults: [] },
    ],
  });
  expect(counts).toEqual({
    passed: 1,
    failed: 2,
    skipped: 1,
    passedNames: ["conv on webgpu"],
    skippedNames: ["conv on cpu"],
  });
});

test("a flaky test and an error outside tests are failures", () => {
  const stats = { expected: 3, unexpected: 1, flaky: 1, skipped: 2 };
  expect(countPlaywright({ stats, errors: ["setup"] })).toMatchObject({ passed: 3, failed: 3, skipped: 2 });
});

test("a backend counts only where it stands as a word", () => {
  expect(countByBackend(["conv on webgpu", "WebGPU: loss", "webgpuish", "cpu"])).toEqual({
    webgpu: 2,
    wasm: 0,
    webgl: 0,
    cpu: 1,
  });
});
