/** What a stage of `npm test` found, read from the reports Vitest and Playwright write. */
export interface StageCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Full names. */
  readonly passedNames: readonly string[];
  readonly skippedNames: readonly string[];
}

interface VitestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

/** A file that failed to load has no tests and counts as one failure. */
export function countVitest(report: VitestReport): StageCounts {
  const tests = report.testResults.flatMap((file) => file.assertionResults);
  const broken = report.testResults.filter(
    (file) => file.status === "failed" && file.assertionResults.length === 0,
  );
  const passed = tests.filter((test) => test.status === "passed");
  const failed = tests.filter((test) => test.status === "failed");
  const skipped = tests.filter((test) => test.status !== "passed" && test.status !== "failed");
  return {
    passed: passed.length,
    failed: failed.length + broken.length,
    skipped: skipped.length,
    passedNames: passed.map((test) => test.fullName),
    skippedNames: skipped.map((test) => test.fullName),
  };
}

interface PlaywrightReport {
  readonly stats: {
    readonly expected: number;
    readonly unexpected: number;
    readonly flaky: number;
    readonly skipped: number;
  };
  readonly errors: readonly unknown[];
}

/** Errors outside any test, such as a setup that failed, count as failures. */
export function countPlaywright({ stats, errors }: PlaywrightReport): StageCounts {
  return {
    passed: stats.expected,
    failed: stats.unexpected + stats.flaky + errors.length,
    skipped: stats.skipped,
    passedNames: [],
    skippedNames: [],
  };
}

export const backendNames = ["webgpu", "wasm", "webgl", "cpu"] as const;

/** How many passed tests name each backend: suites that run on one say so in their titles. */
export function countByBackend(
  names: readonly string[],
): Readonly<Record<(typeof backendNames)[number], number>> {
  const count = (backend: string): number =>
    names.filter((name) => new RegExp(`\\b${backend}\\b`, "i").test(name)).length;
  return { webgpu: count("webgpu"), wasm: count("wasm"), webgl: count("webgl"), cpu: count("cpu") };
}
