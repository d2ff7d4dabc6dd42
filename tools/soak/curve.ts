import { metricColumns, type MetricName } from "../../src/contract/metrics.ts";

/** What two runs of the same configuration have in common, whenever they were interrupted. */
const compared = [
  "step",
  "loss",
  "contrastive",
  "distillation",
  "cosine",
  "learningRate",
] as const satisfies readonly MetricName[];

export interface CurveDifference {
  readonly steps: readonly [number, number];
  /** Largest difference of two numbers, against the larger of 1 and the number. */
  readonly largest: number;
}

/** @param rows as the playground keeps them, row-major. */
export function compareCurves(expected: readonly number[], actual: readonly number[]): CurveDifference {
  const width = metricColumns.length;
  let largest = 0;
  for (let at = 0; at < Math.min(expected.length, actual.length); at += width)
    for (const name of compared) {
      const column = at + metricColumns.indexOf(name);
      const [a, b] = [expected[column] as number, actual[column] as number];
      const difference = Object.is(a, b) ? 0 : Math.abs(a - b) / Math.max(1, Math.abs(a));
      largest = Math.max(largest, Number.isNaN(difference) ? Infinity : difference);
    }
  return { steps: [expected.length / width, actual.length / width], largest };
}

/** @param tolerance 0 for the same bits. */
export function areEqual({ steps, largest }: CurveDifference, tolerance: number): boolean {
  return steps[0] > 0 && steps[0] === steps[1] && largest <= tolerance;
}
