import type { LaunchTimes } from "../../src/ml/compiled/plan/profilePlan.ts";
import { lossTolerance, movementTolerance } from "./agreement.ts";
import { contestantNames, type ContestantName } from "./contestants/contestant.ts";
import { formatTable } from "./formatTable.ts";
import type { ContestantReport, JobReport } from "./stepPart.ts";
import { formatMs } from "./timing.ts";

const baselines = ["ours-webgpu", "ours-wasm"] as const;

/** A job's table: times per step, and how many times as long as ours. */
export function formatJob(report: JobReport): string {
  const shown = contestantNames.filter((name) => report.contestants[name] !== undefined);
  const against = baselines.filter((name) => shown.includes(name));
  const head = [
    report.name,
    "median ms",
    "min … max",
    "repetitions",
    "issued ms",
    "first loss s",
    ...against.map((name) => `× ${name}`),
  ];
  const rows = shown.map((name) => {
    const measured = report.contestants[name] as ContestantReport;
    return [
      name,
      formatMs(measured.medianMs),
      `${formatMs(measured.minMs)} … ${formatMs(measured.maxMs)}`,
      `${measured.repetitions} × ${measured.stepsPerRepetition}`,
      formatMs(measured.issueMs),
      ((measured.setUpMs + measured.firstStepMs) / 1000).toFixed(1),
      ...against.map((baseline) => formatRatio(report, name, baseline)),
    ];
  });
  const notes = [
    ...shown.flatMap((name) => {
      const variant = report.contestants[name]?.variant;
      return variant === undefined ? [] : [`${name}: ${variant}, the faster way here`];
    }),
    ...shown.flatMap((name) => formatBreakdown(name, report.contestants[name]?.breakdown ?? [])),
    ...disagreements(report),
    ...Object.entries(report.failures).map(([name, problem]) => `${name} was not measured: ${problem}`),
  ];
  return [formatTable(head, rows), ...notes].join("\n");
}

const longestKernels = 8;

/** One line: where a step's time goes. */
function formatBreakdown(name: ContestantName, breakdown: readonly LaunchTimes[]): string[] {
  const total = breakdown.reduce((sum, { ms }) => sum + ms, 0);
  if (total === 0) return [];
  const share = (ms: number): string => `${((100 * ms) / total).toFixed(0)} %`;
  const kernels = breakdown.slice(0, longestKernels);
  const rest = total - kernels.reduce((sum, { ms }) => sum + ms, 0);
  const parts = kernels.map(({ label, launches, ms }) => `${label} (${launches}) ${share(ms)}`);
  return [
    `${name} by kernel (launches), of ${formatMs(total)} ms: ${parts.join(", ")}, others ${share(rest)}`,
  ];
}

/** "27.1", or that the two did not compute the same. */
function formatRatio(report: JobReport, name: ContestantName, baseline: ContestantName): string {
  const ratio = ratioOf(report, name, baseline);
  return ratio === null ? "results differ" : ratio.toPrecision(3);
}

/** Median over median; null, never a number, where the two did not compute the same. */
export function ratioOf(report: JobReport, name: ContestantName, baseline: ContestantName): number | null {
  const measured = report.contestants[name];
  const base = report.contestants[baseline];
  if (measured === undefined || base === undefined) return null;
  if (name === baseline) return 1;
  const found = report.agreements.find(({ pair }) => pair.includes(name) && pair.includes(baseline));
  return found?.agrees === true ? measured.medianMs / base.medianMs : null;
}

/** A line for every pair that did not compute the same. */
export function disagreements(report: JobReport): string[] {
  return report.agreements
    .filter(({ agrees }) => !agrees)
    .map(
      ({ pair, lossDifference, movementDifference }) =>
        `${pair.join(" and ")} differ: losses by ${lossDifference.toExponential(1)} (at most ${lossTolerance}), ` +
        `movement of the state by ${movementDifference.toExponential(1)} (at most ${movementTolerance})`,
    );
}
