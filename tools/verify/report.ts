import type { BackendName } from "../../src/contract/backend.ts";
import type { CheckRow } from "../../verify/checkRow.ts";

/** How one backend did. */
export interface Tally {
  readonly backend: BackendName;
  fixtures: number;
  checks: number;
  failures: number;
}

/** "pass  1.2e-7 ≤ 1.0e-5  seed: loss" */
export function formatRow({ check, error, tolerance, passed, problem }: CheckRow): string {
  const figures = problem ?? `${formatError(error)} ${passed ? "≤" : ">"} ${formatError(tolerance)}`;
  return problem === undefined
    ? `${passed ? "pass" : "FAIL"}  ${figures.padEnd(18)}  ${check}`
    : `FAIL  ${check}: ${problem}`;
}

function formatError(error: number): string {
  return error === 0 || !Number.isFinite(error) ? String(error) : error.toExponential(1);
}

export function summarise(tallies: readonly Tally[]): string {
  return tallies
    .map(({ backend, fixtures, checks, failures }) => {
      const verdict = failures === 0 ? "all passed" : `${failures} FAILED`;
      return `${backend}: ${fixtures} fixtures, ${checks} checks, ${verdict}`;
    })
    .join("\n");
}
