import { snapshotParts, type Movement } from "./contestants/contestant.ts";

/** What a contestant computed before any of it was timed. */
export interface Evidence {
  /** Of the first steps, in order. */
  readonly losses: readonly number[];
  /** How far those steps took each part of the state. */
  readonly movement: Movement;
}

export interface Agreement {
  /** Largest relative difference of a loss. */
  readonly lossDifference: number;
  /** Largest relative difference of how far a part of the state moved. */
  readonly movementDifference: number;
  readonly agrees: boolean;
}

/** Losses of the same step; float32 and another order of summation make some 1e-6 of difference. */
export const lossTolerance = 1e-4;
/**
 * Distances moved. The mean student moves by a thousandth of what the student does, which is near the last bits of its
 * weights; a part that was not updated differs by 1.
 */
export const movementTolerance = 0.02;
/** Of fewer steps than this, agreement proves little: the third loss is the first that a wrong momentum changes. */
const fewestSteps = 3;

/** Whether two contestants did the same work; what is not a number never agrees. */
export function compareEvidence(a: Evidence, b: Evidence): Agreement {
  const steps = Math.min(a.losses.length, b.losses.length);
  const lossDifference = largest(
    Array.from({ length: steps }, (_, i) => relativeDifference(a.losses[i], b.losses[i])),
  );
  const movementDifference = largest(
    snapshotParts.map((part) => relativeDifference(a.movement[part], b.movement[part])),
  );
  const enough = steps >= fewestSteps && a.losses.length === b.losses.length;
  const agrees = enough && lossDifference <= lossTolerance && movementDifference <= movementTolerance;
  return { lossDifference, movementDifference, agrees };
}

function relativeDifference(a = NaN, b = NaN): number {
  return a === b ? 0 : Math.abs(a - b) / Math.max(Math.abs(a), Math.abs(b));
}

/** As `Math.max`, and NaN counts as the largest. */
function largest(values: readonly number[]): number {
  return values.reduce((worst, value) => (value > worst || Number.isNaN(value) ? value : worst), 0);
}
